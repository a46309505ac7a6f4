/** What a link can be asked; both reject where it is lost or the answer is late. */
export interface Commands {
  /** The answer as it is. */
  api(command: string): Promise<string>;
  /** The result, which may be empty. */
  bgapi(command: string): Promise<string>;
}
