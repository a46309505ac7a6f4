import { type DataHeader, uuidEquals, uuidOf } from './data-header.ts';

/** Some more than there are calls at a time, a power of two. */
const PLACES = 16_384;

interface Known {
  bytes: Uint8Array;
  text: string;
}

/** The texts of the UUIDs that were read last, so that a packet of a known one makes no string. */
export class UuidTexts {
  /** By what the bytes hash to: of two UUIDs with the same place, the last. */
  readonly #known: (Known | undefined)[] = new Array(PLACES).fill(undefined);

  /** As `uuidOf`. */
  of(bytes: Uint8Array, header: DataHeader): string {
    const place = placeOf(bytes, header);
    const known = this.#known[place];
    if (known !== undefined && uuidEquals(bytes, header, known.bytes)) return known.text;
    const text = uuidOf(bytes, header);
    this.#known[place] = { bytes: Uint8Array.from(text, (char) => char.charCodeAt(0)), text };
    return text;
  }
}

function placeOf(bytes: Uint8Array, { uuidStart, uuidEnd }: DataHeader): number {
  let hash = 0;
  for (let i = uuidStart; i < uuidEnd; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
  return (hash ^ (hash >>> 15)) & (PLACES - 1);
}
