import type { EventFormat } from './event-frame.ts';
import { EVENT_NAMES } from './event-names.ts';

/** What one connection wants to hear, as mod_event_socket keeps it. */
export class Subscription {
  format: EventFormat = 'plain';
  readonly #names = new Set<string>();
  readonly #subclasses = new Set<string>();
  #isListening = false;

  wants(name: string, subclass?: string): boolean {
    if (!this.#isListening) return false;
    if (this.#names.has('ALL')) return true;
    if (!this.#names.has(name)) return false;
    return subclass === undefined || this.#subclasses.has(subclass);
  }

  /** `event [plain|json] NAME …`: whatever stands behind CUSTOM is a subclass, event names too. */
  add(words: string[]): string {
    const [first = ''] = words;
    const format = first.toLowerCase();
    if (format === 'plain' || format === 'json') this.format = format;
    const count = this.#each(
      words,
      (name) => this.#names.add(name),
      (subclass) => this.#subclasses.add(subclass),
    );
    if (count === 0) return '-ERR no keywords supplied';
    this.#isListening = true;
    return `+OK event listener enabled ${this.format}`;
  }

  /** `nixevent NAME …` */
  remove(words: string[]): string {
    const count = this.#each(
      words,
      (name) => {
        if (name === 'ALL') this.#names.clear();
        else {
          if (this.#names.has('ALL')) for (const each of EVENT_NAMES) this.#names.add(each);
          this.#names.delete('ALL');
          if (name !== 'CUSTOM') this.#names.delete(name);
        }
      },
      (subclass) => this.#subclasses.delete(subclass),
    );
    if (count === 0) return '-ERR no keywords supplied';
    this.#isListening = true;
    return '+OK events nixed';
  }

  /** `noevents` */
  clear(): string {
    if (!this.#isListening) return '-ERR not listening for events';
    this.#isListening = false;
    this.#names.clear();
    this.#subclasses.clear();
    return '+OK no longer listening for events';
  }

  /** Tells how many names of events there were. */
  #each(
    words: string[],
    onName: (name: string) => void,
    onSubclass: (subclass: string) => void,
  ): number {
    let count = 0;
    let isCustom = false;
    for (const word of words) {
      const name = word.toUpperCase();
      if (isCustom) onSubclass(word);
      else if (EVENT_NAMES.has(name)) {
        count++;
        isCustom = name === 'CUSTOM';
        onName(name);
      }
    }
    return count;
  }
}
