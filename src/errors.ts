/** Every error the project raises on purpose, in one table: what it means and how a command ends on it. */
export const ERRORS = {
  RST_USAGE: { exitCode: 2 },
  RST_CONFIG: { exitCode: 2 },
  RST_ADDRESS: { exitCode: 2 },
  RST_PORT_IN_USE: { exitCode: 1 },
  RST_NOT_WRITABLE: { exitCode: 1 },
  RST_AUDIO_FILE: { exitCode: 2 },
  RST_NOT_REACHABLE: { exitCode: 3 },
  RST_RECORDING: { exitCode: 1 },
  RST_ESL: { exitCode: 1 },
  RST_ESL_AUTH: { exitCode: 3 },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a code of the table above and one sentence that says what, where and what to do. */
export class RstError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RstError';
    this.code = code;
  }

  get exitCode(): number {
    return ERRORS[this.code].exitCode;
  }
}

/** The system's code of an error (`EADDRINUSE`, `ENOSPC`, …), or `undefined` where it has none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** One line about anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
