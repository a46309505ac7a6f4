import { packetNsOf, type Source } from '../capture/index.ts';
import { type DataHeader, type LegName, uuidOf } from '../protocol/index.ts';

/** So many packets of one UUID from one address within this time are a call whose INV was lost. */
const PACKETS = 3;
const WITHIN_NS = 2e9;
/** After a restart every running call is one of these, so they are many; the oldest is forgotten first. */
const MAX_CANDIDATES = 2048;
const MAX_BYTES = 8 * 2 ** 20;

/** A copy of DATA that no call has taken yet. */
export interface KeptData {
  arrivalNs: number;
  lagNs: number;
  leg: LegName;
  source: Source;
  payloadType: number;
  payloadBytes: number;
  datagram: Uint8Array;
}

/** DATA of UUIDs that nobody has announced, kept until it is clear that it is a call. Its memory is bounded. */
export class Candidates {
  readonly #kept = new Map<string, KeptData[]>();
  readonly #onForgotten: (packets: number) => void;
  #bytes = 0;

  /** `onForgotten` hears of packets that became no call. */
  constructor(onForgotten: (packets: number) => void) {
    this.#onForgotten = onForgotten;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Keeps a copy of the packet; with the last one that it takes, all of them come back. */
  add(
    header: DataHeader,
    bytes: Uint8Array,
    source: Source,
    arrivalNs: number,
    lagNs: number,
  ): KeptData[] | null {
    const key = keyOf(uuidOf(bytes, header), source);
    const before = this.#take(key);
    const packets = before.filter((packet) => arrivalNs - packet.arrivalNs <= WITHIN_NS);
    if (packets.length < before.length) this.#onForgotten(before.length - packets.length);
    packets.push({
      arrivalNs,
      lagNs,
      leg: header.leg,
      source,
      payloadType: header.payloadType,
      payloadBytes: bytes.length - header.payloadStart,
      // A Buffer's own slice() would be a view.
      datagram: new Uint8Array(bytes),
    });
    if (packets.length === PACKETS) return packets;
    // Behind the others: the first in the map is the one that was heard longest ago.
    this.#kept.set(key, packets);
    for (const packet of packets) this.#bytes += packet.datagram.length;
    while (this.#kept.size > MAX_CANDIDATES || this.#bytes > MAX_BYTES) this.#forgetOldest();
    return null;
  }

  /** What is kept of this UUID from this address; it is no candidate any more. */
  take(uuid: string, source: Source): KeptData[] {
    return this.#take(keyOf(uuid, source));
  }

  /** True where packets of this UUID are kept, from any address. It looks through all: once a call, not once a packet. */
  has(uuid: string): boolean {
    for (const key of this.#kept.keys()) if (key.slice(key.indexOf(' ') + 1) === uuid) return true;
    return false;
  }

  forget(uuid: string, source: Source): void {
    this.#drop(keyOf(uuid, source));
  }

  /** Forgets what is too old to become a call. */
  sweep(nowNs: number): void {
    for (const [key, packets] of this.#kept) {
      if (nowNs - (packets.at(-1) as KeptData).arrivalNs <= WITHIN_NS) return;
      this.#drop(key);
    }
  }

  clear(): void {
    while (this.#kept.size > 0) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const key of this.#kept.keys()) return this.#drop(key);
  }

  #drop(key: string): void {
    const { length } = this.#take(key);
    if (length > 0) this.#onForgotten(length);
  }

  #take(key: string): KeptData[] {
    const packets = this.#kept.get(key) ?? [];
    this.#kept.delete(key);
    for (const packet of packets) this.#bytes -= packet.datagram.length;
    return packets;
  }
}

/** When the first sample of the packet was spoken. */
export function startOf({ arrivalNs, payloadType, payloadBytes }: KeptData): number {
  return arrivalNs - packetNsOf(payloadType, payloadBytes);
}

function keyOf(uuid: string, { address }: Source): string {
  return `${address} ${uuid}`;
}
