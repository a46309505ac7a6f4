import { formatData, type LegName } from '../../src/protocol/index.ts';
import { legNumber, PAYLOAD_BYTES, payloadOf, uuidOfCall, writeNumber } from './packet-mark.ts';

/** Room for a packet and its header; a multiple of a line of the cache. */
const STRIDE = 256;

/** The next packet of every leg, ready to leave: only its number is written anew. */
export class Packets {
  readonly sizeBytes: number;
  /** Packets that have left, by leg. */
  readonly sent: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #payloadStart: number;
  readonly #address: number;

  /** `addressOf` tells where bytes are in memory. */
  constructor(calls: number, addressOf: (bytes: Uint8Array) => number) {
    this.#bytes = new Uint8Array(2 * calls * STRIDE);
    this.#address = addressOf(this.#bytes);
    this.sent = new Uint32Array(2 * calls);
    let sizeBytes = 0;
    for (let call = 0; call < calls; call++)
      for (const leg of ['R', 'W'] satisfies LegName[]) {
        const number = legNumber(call, leg);
        const packet = formatData(uuidOfCall(call), leg, 0, payloadOf(number));
        this.#bytes.set(packet, number * STRIDE);
        sizeBytes = packet.length;
      }
    this.sizeBytes = sizeBytes;
    this.#payloadStart = sizeBytes - PAYLOAD_BYTES;
  }

  /** The address of the leg's next packet. */
  next(leg: number): number {
    const start = leg * STRIDE;
    writeNumber(this.#bytes, start + this.#payloadStart, this.sent[leg] as number);
    return this.#address + start;
  }
}
