import { AllowList } from './allow-list.ts';
import { TokenBucket } from './token-bucket.ts';

/** So many source addresses are remembered; the one known longest goes first. */
const MAX_PEERS = 4096;
/** What is allowed where nobody says otherwise: this machine. */
const LOOPBACK = ['127.0.0.0/8', '::1'];
const NO_LIMIT: SourceRates = { callsPerSecond: 0, garbagePerSecond: 0 };

/** What one address may send in a second, and twice of it at once; 0: no limit. */
export interface SourceRates {
  /** Calls that it begins. */
  callsPerSecond: number;
  /** Datagrams that are no message. */
  garbagePerSecond: number;
}

/** A source address of the control port. */
export interface Peer {
  readonly isAllowed: boolean;
  /** What it has sent, less what was sent to it: an answer never makes that negative. */
  creditBytes: number;
  /** Of the calls that it begins. */
  readonly calls: TokenBucket;
  /** Of what is no message. */
  readonly garbage: TokenBucket;
}

/** Who has sent to the control port, so that a packet costs one look into a map. */
export class Peers {
  readonly rates: SourceRates;
  readonly #allow: AllowList;
  readonly #byAddress = new Map<string, Peer>();

  constructor(allow = new AllowList(LOOPBACK), rates = NO_LIMIT) {
    this.#allow = allow;
    this.rates = rates;
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

  /** Whether a further call of the address may begin now; those that run are not asked about. */
  admitsCall(address: string, nowNs: number): boolean {
    return this.#byAddress.get(address)?.calls.take(nowNs) ?? true;
  }

  #add(address: string): Peer {
    if (this.#byAddress.size >= MAX_PEERS)
      for (const oldest of this.#byAddress.keys()) {
        this.#byAddress.delete(oldest);
        break;
      }
    const peer = {
      isAllowed: this.#allow.allows(address),
      creditBytes: 0,
      calls: new TokenBucket(this.rates.callsPerSecond),
      garbage: new TokenBucket(this.rates.garbagePerSecond),
    };
    this.#byAddress.set(address, peer);
    return peer;
  }
}
