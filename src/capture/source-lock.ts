import type { LegName, PortPair } from '../protocol/index.ts';

/**
 * `media.source_lock`. `address`: packets come from the INV's address; their port is learned from the
 * first one, and the announced port, once seen, is the only one. `strict`: the announced port only.
 * `off`: anyone who knows the UUID.
 */
export type SourceLockMode = 'address' | 'strict' | 'off';

/** Says of each packet of one tap whether it may be from it. Allocates nothing. */
export class SourceLock {
  readonly mode: SourceLockMode;
  /** 0 where nothing was announced. */
  readonly #announcedR: number;
  readonly #announcedW: number;
  /** Once a packet has come, the very string that it came with. */
  #address: string;
  /** 0 before the first packet. */
  #portR = 0;
  #portW = 0;

  /** `announced` null: by nobody, because the INV was lost; the first port of each leg is then taken for it. */
  constructor(mode: SourceLockMode, address: string, announced: PortPair | null) {
    this.mode = mode;
    this.#address = address;
    this.#announcedR = announced?.readPort ?? 0;
    this.#announcedW = announced?.writePort ?? 0;
  }

  get address(): string {
    return this.#address;
  }

  admitsAddress(address: string): boolean {
    return address === this.#address || this.mode === 'off';
  }

  /** Call it only for packets that are right in every other way: it learns from them. */
  admits(leg: LegName, address: string, port: number): boolean {
    if (this.mode === 'off') return true;
    if (address !== this.#address) return false;
    const locked = leg === 'R' ? this.#portR : this.#portW;
    if (port === locked && port !== 0) return true;
    const announced = leg === 'R' ? this.#announcedR : this.#announcedW;
    if (port !== announced && (locked !== 0 || (announced !== 0 && this.mode === 'strict')))
      return false;
    if (leg === 'R') this.#portR = port;
    else this.#portW = port;
    this.#address = address;
    return true;
  }

  /** True where a packet from here can only be of this tap: announced, or learned. */
  knows(address: string, port: number): boolean {
    return (
      address === this.#address &&
      (port === this.#announcedR ||
        port === this.#announcedW ||
        port === this.#portR ||
        port === this.#portW)
    );
  }
}
