import { textOf } from './channel-reader.ts';
import type { EslEvent } from './event.ts';
import { parseTapStatus } from './tap-status.ts';

/** What is heard of modules that come and go. */
export const MODULE_EVENTS = ['MODULE_LOAD', 'MODULE_UNLOAD'] as const;

/** What is known of the mod_rst of a box. */
export class ModuleTrust {
  readonly #isTrusted: boolean;
  #hasAnswered = false;
  #isOurs = false;

  /** `isTrusted`: its owner says that it is sound. */
  constructor(isTrusted: boolean) {
    this.#isTrusted = isTrusted;
  }

  /** True where it is not the prebuilt one, which never says anything. */
  get isSound(): boolean {
    return this.#isTrusted || this.#hasAnswered || this.#isOurs;
  }

  /** True where it is the one in mod_rst/: it taps every kind of channel, `rst_stop` is safe, and it says what goes wrong. */
  get isOurs(): boolean {
    return this.#isOurs;
  }

  /** What it said to `rst_status`. */
  status(text: string): void {
    this.#isOurs = parseTapStatus(text) !== null;
  }

  /** What it said to `uuid_rst`. */
  answered(text: string): void {
    const line = text.trimStart();
    if (line.startsWith('+OK')) this.#hasAnswered = true;
    if (/^\+OK \S+ is tapped to /.test(line)) this.#isOurs = true;
  }

  /** Each command of a module that is loaded or unloaded has an event. */
  changed(event: EslEvent): void {
    if (textOf(event, 'type') !== 'api') return;
    const command = textOf(event, 'name');
    if (event.name === 'MODULE_UNLOAD' && command === 'uuid_rst') this.lost();
    if (event.name === 'MODULE_LOAD' && command === 'rst_status') this.#isOurs = true;
  }

  /** Nobody vouches for it any more: who comes back may have another one. */
  lost(): void {
    this.#hasAnswered = false;
    this.#isOurs = false;
  }
}
