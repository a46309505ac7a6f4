export interface LinkOptions {
  host: string;
  port: number;
  password: string;
  /** Logs in as this user (`userauth`), who may be allowed less; `null` or nothing: the socket's password. */
  user?: string | null;
  connectTimeoutMs: number;
  /** From the connection to the answer to the password. */
  authTimeoutMs: number;
  /** For each reply, and for each result of `bgapi`. */
  commandTimeoutMs: number;
}
