import { type Source, SourceLock, type SourceLockMode } from '../capture/index.ts';
import type { InvMessage } from '../protocol/index.ts';

/** Silent for so long while another tap of the channel sends, a tap has stopped. */
export const SILENCE_NS = 2e9;

/** One tap of a channel: who sent an INV (or DATA whose INV was lost), and what it has sent to the control port. */
export class Tap {
  /** What its messages name. The channel may have another UUID by now. */
  readonly uuid: string;
  /** Where its INV came from, or its first DATA; ACK and BYE go there. */
  readonly source: Source;
  /** Null where its INV was lost. */
  inv: InvMessage | null;
  state: 'running' | 'ended' = 'running';
  /** Says which DATA on the control port is this tap's. */
  readonly lock: SourceLock;
  /** Last DATA that is known of; -1 before the first. */
  lastArrivalNs = -1;
  /** Its last sign of life, DATA or INV; -1 before the first. */
  heardNs = -1;
  /** Since when it sends without a longer silence. */
  #runStartNs = -1;

  constructor(uuid: string, source: Source, inv: InvMessage | null, mode: SourceLockMode) {
    this.uuid = uuid;
    this.source = source;
    this.inv = inv;
    // The old form sends DATA from where its INV came.
    const own = { readPort: source.port, writePort: source.port };
    this.lock = new SourceLock(mode, source.address, inv ? (inv.ports ?? own) : null);
  }

  /** True where a datagram of this UUID from here can only be this tap's. */
  knows(uuid: string, { address, port }: Source): boolean {
    if (uuid !== this.uuid) return false;
    return (
      (port === this.source.port && address === this.source.address) ||
      this.lock.knows(address, port)
    );
  }

  /** True where this INV is the one that this tap sent before. */
  isRepeated(inv: InvMessage, { address, port }: Source): boolean {
    const { source } = this;
    const before = this.inv?.ports;
    return (
      this.inv !== null &&
      inv.uuid === this.uuid &&
      port === source.port &&
      address === source.address &&
      inv.ports?.readPort === before?.readPort &&
      inv.ports?.writePort === before?.writePort
    );
  }

  /** True where this INV is the one that was missing when its DATA was here already. */
  isOfLostInv(inv: InvMessage, source: Source): boolean {
    if (this.inv) return false;
    const { address } = source;
    const { readPort = source.port, writePort = source.port } = inv.ports ?? {};
    return (
      this.knows(inv.uuid, source) ||
      this.knows(inv.uuid, { address, port: readPort }) ||
      this.knows(inv.uuid, { address, port: writePort })
    );
  }

  /** Notes DATA of this tap. */
  sent(arrivalNs: number): void {
    if (this.lastArrivalNs < 0 || arrivalNs - this.lastArrivalNs >= SILENCE_NS)
      this.#runStartNs = arrivalNs;
    this.lastArrivalNs = arrivalNs;
    this.heardNs = Math.max(this.heardNs, arrivalNs);
  }

  /** True where it has sent for so long since `lastNs` that whoever was silent since then has stopped. */
  outlasts(lastNs: number): boolean {
    return this.lastArrivalNs - Math.max(this.#runStartNs, lastNs) >= SILENCE_NS;
  }
}
