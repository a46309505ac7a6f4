import { type DataHeader, parseData, uuidEquals } from '../protocol/index.ts';
import type { DropReason } from './media-summary.ts';
import type { Datagram } from './receiver.ts';
import type { SourceLock } from './source-lock.ts';

/** What a datagram on a call's leg ports must be to count as the call's. */
export class Gate {
  readonly #uuid: Uint8Array;
  readonly #lock: SourceLock;

  constructor(uuid: string, lock: SourceLock) {
    this.#uuid = Buffer.from(uuid, 'latin1');
    this.#lock = lock;
  }

  /** Null where the datagram is the call's; `header` is meaningful only then. */
  refusal(datagram: Datagram, header: DataHeader): DropReason | null {
    const { bytes, address } = datagram;
    if (!this.#lock.admitsAddress(address)) return 'wrong-source';
    if (parseData(bytes, header, datagram.sizeBytes) !== 'data') return 'malformed';
    if (!uuidEquals(bytes, header, this.#uuid)) return 'wrong-uuid';
    return this.#lock.admits(header.leg, address, datagram.port) ? null : 'wrong-source';
  }
}
