import type { PcmCodec } from './decode.ts';

/**
 * One packet of a leg on its way to the timeline. The receive path keeps a single object and fills it
 * anew for each packet; whoever needs it longer copies it.
 */
export class Packet {
  /** Arrival on the process's monotonic clock. */
  arrivalNs = 0;
  /** It may have arrived up to this much earlier, because the receiver was behind. */
  lagNs = 0;
  codec: PcmCodec = 'PCMU';
  /** True where the payload shall not be heard, or can't be decoded: its time is silence. */
  isSilent = false;
  /** Samples the payload holds, per channel, at the track's rate. */
  samples = 0;
  /** Its number in its leg and the media time of its first sample, both modulo 2^32; -1: it has none. */
  seq = -1;
  ts = -1;
  /** The payload stays as it is as long as packets are of this batch, unless it is the last of it. */
  batch = 0;
  isLastOfBatch = true;
  payload: Uint8Array = EMPTY;
}

const EMPTY = new Uint8Array(0);

/** A packet that owns its payload, and what the timeline knows of it while it waits for a decision. */
export class HeldPacket extends Packet {
  /** True where a pause of more than three packet times came before it. */
  afterPause = false;
  /** When it was held, on the clock of whoever holds it. */
  heldAtNs = 0;

  copyFrom(packet: Packet): void {
    const { payload } = packet;
    if (this.payload.length !== payload.length) this.payload = new Uint8Array(payload.length);
    this.payload.set(payload);
    this.arrivalNs = packet.arrivalNs;
    this.lagNs = packet.lagNs;
    this.codec = packet.codec;
    this.isSilent = packet.isSilent;
    this.samples = packet.samples;
    this.seq = packet.seq;
    this.ts = packet.ts;
  }
}
