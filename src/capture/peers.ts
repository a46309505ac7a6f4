import type { AllowList } from './allow-list.ts';

/** So many source addresses are remembered; the one known longest goes first. */
const MAX_PEERS = 4096;

/** A source address of the control port. */
export interface Peer {
  readonly isAllowed: boolean;
  /** What it has sent, less what was sent to it: an answer never makes that negative. */
  creditBytes: number;
}

/** Who has sent to the control port, so that a packet costs one look into a map. */
export class Peers {
  readonly #allow: AllowList;
  readonly #byAddress = new Map<string, Peer>();

  constructor(allow: AllowList) {
    this.#allow = allow;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** Notes that `sizeBytes` came from there. */
  received(address: string, sizeBytes: number): Peer {
    const peer = this.#byAddress.get(address) ?? this.#add(address);
    peer.creditBytes += sizeBytes;
    return peer;
  }

  /**
   * Takes `sizeBytes` for an answer from what the address has sent; false where it has sent less, so
   * that nobody who forges its address can make us send it more than he sends us.
   */
  pay(address: string, sizeBytes: number): boolean {
    const peer = this.#byAddress.get(address);
    if (!peer || peer.creditBytes < sizeBytes) return false;
    peer.creditBytes -= sizeBytes;
    return true;
  }

  #add(address: string): Peer {
    if (this.#byAddress.size >= MAX_PEERS)
      for (const oldest of this.#byAddress.keys()) {
        this.#byAddress.delete(oldest);
        break;
      }
    const peer = { isAllowed: this.#allow.allows(address), creditBytes: 0 };
    this.#byAddress.set(address, peer);
    return peer;
  }
}
