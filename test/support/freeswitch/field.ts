import { urlEncode } from './url-encode.ts';

/**
 * Any bytes, one character (U+0000 to U+00FF) each: what FreeSWITCH handles is C strings, and the names
 * callers send need not be UTF-8.
 */
export type ByteText = string;

/** Text as its UTF-8 bytes, a buffer as it is. Ends at the first NUL, as every string in C. */
export function byteText(value: string | Uint8Array): ByteText {
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value);
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

/** One header of an event, written once for each of the two formats however often it is sent. */
export class Field {
  readonly name: string;
  readonly value: ByteText;
  #plain: string | undefined;
  #json: string | undefined;

  constructor(name: string, value: ByteText) {
    this.name = name;
    this.value = value;
  }

  /** `Name: value` and a line end; an empty value is written `_undef_` (switch_event_serialize). */
  get plain(): string {
    this.#plain ??= `${this.name}: ${urlEncode(this.value) || '_undef_'}\n`;
    return this.#plain;
  }

  /**
   * The pair of a JSON object. cJSON leaves the bytes above 0x7f as they are, UTF-8 or not. A value with
   * items (`ARRAY::one|:two`) is an array there.
   */
  get json(): string {
    this.#json ??= `${JSON.stringify(this.name)}:${JSON.stringify(itemsOf(this.value) ?? this.value)}`;
    return this.#json;
  }
}

function itemsOf(value: ByteText): ByteText[] | undefined {
  return value.startsWith('ARRAY::') ? value.slice('ARRAY::'.length).split('|:') : undefined;
}
