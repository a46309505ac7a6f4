import { decodePercent, decodeText } from './text-bytes.ts';

const SPACE = 0x20;
/** What no name is like. */
const NOTHING = -1;

/**
 * One event of FreeSWITCH in its plain form, or what `uuid_dump` answers, which looks the same:
 *
 *     Event-Name: BACKGROUND_JOB\n
 *     Job-Command: uuid_exists\n         values are percent-encoded, names are not
 *     Content-Length: 4\n                only where a body follows, in bytes
 *     \n
 *     true
 *
 * An event has 250 headers of which a few are wanted, and thousands come a second. So lines are looked at
 * no further than to the header asked for, no name is hashed (that alone took half of the time), and a
 * value is decoded when it is asked for.
 *
 * It keeps the bytes it was made from, so whoever wants to remember something for long takes the values
 * and lets the event go. Values are what callers sent: they may hold any character.
 */
export class EslEvent {
  readonly #bytes: Buffer;
  /** The same bytes as one character each: the quickest thing to search for lines. */
  readonly #text: string;
  /** What `likeness` says of the name in each line read so far, and where its name and value start. */
  readonly #likenesses: number[] = [];
  readonly #names: number[] = [];
  readonly #values: number[] = [];
  /** Where the first line starts that nobody has read. */
  #unread = 0;
  /** Where the inner body starts, once the empty line before it was met. */
  #bodyStart = -1;

  private constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#text = this.#bytes.toString('latin1');
  }

  /** Never throws: what is no header line is passed over. The bytes must not change afterwards. */
  static parse(bytes: Uint8Array): EslEvent {
    return new EslEvent(bytes);
  }

  /** `CHANNEL_ANSWER` and so on; empty where the bytes are no event. */
  get name(): string {
    return this.get('Event-Name') ?? '';
  }

  /** What kind of `CUSTOM` event it is, as `sofia::register`. */
  get subclass(): string | undefined {
    return this.get('Event-Subclass');
  }

  /**
   * A header's value, decoded; names are compared as they are written. Where a header is there twice
   * (`Hangup-Cause` is, in CHANNEL_HANGUP_COMPLETE) the first counts.
   */
  get(header: string): string | undefined {
    const wanted = likeness(header.length, header.charCodeAt(header.length - 1));
    let line = -1;
    do {
      line = this.#likenesses.indexOf(wanted, line + 1);
      if (line < 0) line = this.#readTo(wanted);
      if (line < 0) return undefined;
    } while (!this.#text.startsWith(header, this.#names[line]));
    return this.#valueOf(line);
  }

  /** Those of the channel variables `names` that are set, by their names without `variable_`. */
  variables(names: readonly string[]): Map<string, string> {
    const found = new Map<string, string>();
    for (const name of names) {
      const value = this.get(`variable_${name}`);
      if (value !== undefined) found.set(name, value);
    }
    return found;
  }

  /** The values of all headers whose names begin like that. */
  *valuesOf(prefix: string): Generator<string> {
    this.#readTo(NOTHING);
    for (let line = 0; line < this.#names.length; line++)
      if (this.#text.startsWith(prefix, this.#names[line])) yield this.#valueOf(line);
  }

  /** All names and decoded values in the order they came in, doubles too. */
  *headers(): Generator<[name: string, value: string]> {
    this.#readTo(NOTHING);
    for (let line = 0; line < this.#names.length; line++) {
      const start = this.#names[line] as number;
      const end = (this.#values[line] as number) - 2;
      yield [decodeText(this.#bytes.subarray(start, end)), this.#valueOf(line)];
    }
  }

  /** What follows the headers: the result in a BACKGROUND_JOB. Empty where nothing does. */
  get body(): string {
    const sizeBytes = Number(this.get('Content-Length') ?? 0);
    this.#readTo(NOTHING);
    if (this.#bodyStart < 0 || !(sizeBytes > 0)) return '';
    return decodeText(this.#bytes.subarray(this.#bodyStart, this.#bodyStart + sizeBytes));
  }

  /** Copied out of the bytes and not cut out of the text, which would have to live as long as the value. */
  #valueOf(line: number): string {
    const start = this.#values[line] as number;
    const lineFeed = this.#bytes.indexOf('\n', start);
    return decodePercent(this.#bytes, start, lineFeed < 0 ? this.#bytes.length : lineFeed);
  }

  /** Reads on to a name of that likeness and returns its line; -1 where there is none up to the end. */
  #readTo(wanted: number): number {
    const text = this.#text;
    while (this.#bodyStart < 0 && this.#unread < text.length) {
      const start = this.#unread;
      const lineFeed = text.indexOf('\n', start);
      const end = lineFeed < 0 ? text.length : lineFeed;
      this.#unread = end + 1;
      if (end === start) this.#bodyStart = end + 1;
      const nameEnd = nameEndIn(text, start, end);
      if (nameEnd <= start) continue;
      const found = likeness(nameEnd - start, text.charCodeAt(nameEnd - 1));
      this.#likenesses.push(found);
      this.#names.push(start);
      this.#values.push(nameEnd + 2);
      if (found === wanted) return this.#names.length - 1;
    }
    return -1;
  }
}

/** Differs for nearly all names of an event, which spares comparing them. Never `NOTHING`. */
function likeness(length: number, lastCharacter: number): number {
  return length * 256 + lastCharacter;
}

/** Where `: ` is between the two; -1 where it is not. A name may hold a colon, a value is encoded. */
function nameEndIn(text: string, start: number, end: number): number {
  let colon = text.indexOf(':', start);
  while (colon >= 0 && colon < end && text.charCodeAt(colon + 1) !== SPACE)
    colon = text.indexOf(':', colon + 1);
  return colon < end ? colon : -1;
}
