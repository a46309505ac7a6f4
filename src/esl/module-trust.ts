/** What is known of the mod_rst of a box. */
export class ModuleTrust {
  readonly #isTrusted: boolean;
  #hasAnswered = false;

  /** `isTrusted`: its owner says that it is sound. */
  constructor(isTrusted: boolean) {
    this.#isTrusted = isTrusted;
  }

  /** True where it is not the prebuilt one, which never says anything. */
  get isSound(): boolean {
    return this.#isTrusted || this.#hasAnswered;
  }

  /** What it said to `uuid_rst`. */
  answered(text: string): void {
    if (text.trimStart().startsWith('+OK')) this.#hasAnswered = true;
  }

  /** The link is lost: who comes back may have another one. */
  lost(): void {
    this.#hasAnswered = false;
  }
}
