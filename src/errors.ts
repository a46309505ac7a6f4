/**
 * Every error the project raises on purpose, in one table: how a command ends on it, and with which status
 * the API answers.
 */
export const ERRORS = {
  RST_USAGE: { exitCode: 2, httpStatus: 400 },
  RST_CONFIG: { exitCode: 2, httpStatus: 422 },
  RST_ADDRESS: { exitCode: 2, httpStatus: 500 },
  RST_PORT_IN_USE: { exitCode: 1, httpStatus: 500 },
  RST_SOCKET_IN_USE: { exitCode: 1, httpStatus: 500 },
  RST_NOT_WRITABLE: { exitCode: 1, httpStatus: 500 },
  RST_AUDIO_FILE: { exitCode: 2, httpStatus: 422 },
  RST_NOT_FOUND: { exitCode: 1, httpStatus: 404 },
  RST_CONFLICT: { exitCode: 1, httpStatus: 409 },
  RST_NOT_REACHABLE: { exitCode: 3, httpStatus: 503 },
  RST_RECORDING: { exitCode: 1, httpStatus: 500 },
  RST_ESL: { exitCode: 1, httpStatus: 502 },
  RST_ESL_AUTH: { exitCode: 3, httpStatus: 502 },
  RST_INTERNAL: { exitCode: 1, httpStatus: 500 },
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

  get httpStatus(): number {
    return ERRORS[this.code].httpStatus;
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
