import { CallClock, Packet, Timeline, type TimelineOutput } from '../../src/audio/index.ts';
import { mix32 } from '../../src/send/random.ts';

export const SAMPLE_RATE = 8000;
export const PACKET_SAMPLES = 160;
export const PACKET_NS = 20e6;

/** The step of mulberry32's counter. */
const STEP = 0x6d2b79f5;

/** A seeded generator of numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + STEP) | 0;
    return (mix32(state) >>> 0) / 0x1_0000_0000;
  };
}

export interface SentPacket {
  id: number;
  /** When its first sample was spoken, on the receiver's clock; the truth to place it by. */
  spokenNs: number;
  arrivalNs: number;
  quiet: boolean;
}

export interface LegConditions {
  seed: number;
  durationNs: number;
  /** The sender's clock against ours. */
  driftPpm?: number;
  /** Delay added to each packet: uniform in 0..jitterNs. */
  jitterNs?: number;
  /** True lets jitter change the order of packets. */
  reorder?: boolean;
  lossShare?: number;
  /** Nothing is sent in these spans of the sender's time (hold, mute). */
  silent?: [fromNs: number, toNs: number][];
  /** What would be sent in these spans arrives at their end. */
  stalls?: [fromNs: number, toNs: number][];
  /** Speech and pauses alternate by this many packets; 0: never a pause. */
  talkPackets?: number;
  startNs?: number;
}

/** The packets of one leg as they arrive: 20 ms each, under the given conditions. */
export function simulateLeg(conditions: LegConditions): SentPacket[] {
  const { durationNs, driftPpm = 0, jitterNs = 0, lossShare = 0, reorder = false } = conditions;
  const { silent = [], stalls = [], talkPackets = 100, startNs = 0 } = conditions;
  const next = random(conditions.seed);
  const packets: SentPacket[] = [];
  let lastArrivalNs = 0;
  for (let id = 0; id * PACKET_NS < durationNs; id++) {
    const senderNs = id * PACKET_NS;
    if (silent.some(([from, to]) => senderNs >= from && senderNs < to)) continue;
    if (next() < lossShare) continue;
    const spokenNs = startNs + senderNs * (1 + driftPpm / 1e6);
    let arrivalNs = spokenNs + PACKET_NS + next() * jitterNs;
    for (const [from, to] of stalls) if (arrivalNs >= from && arrivalNs < to) arrivalNs = to;
    if (!reorder) arrivalNs = Math.max(arrivalNs, lastArrivalNs);
    lastArrivalNs = arrivalNs;
    const quiet = talkPackets > 0 && Math.floor(id / talkPackets) % 2 === 1;
    packets.push({ id, spokenNs, arrivalNs, quiet });
  }
  return packets.sort((a, b) => a.arrivalNs - b.arrivalNs);
}

/** Records where each simulated packet was put. */
export class PlacedPackets implements TimelineOutput {
  /** Packet id to the sample its audio begins at. */
  readonly places = new Map<number, number>();
  readonly order: number[] = [];
  positionSamples = 0;
  #quiet = new Set<number>();
  readonly #packet = new Packet();

  /** The packet as a receiver would hand it on; its payload is its id. */
  packetOf(sent: SentPacket): Packet {
    if (sent.quiet) this.#quiet.add(sent.id);
    const packet = this.#packet;
    packet.payload = new Uint8Array(new Uint32Array([sent.id]).buffer);
    packet.samples = PACKET_SAMPLES;
    packet.arrivalNs = sent.arrivalNs;
    return packet;
  }

  audio(packet: Packet): void {
    const id = idOf(packet);
    this.places.set(id, this.positionSamples);
    this.order.push(id);
    this.positionSamples += packet.samples;
  }

  silence(samples: number): void {
    this.positionSamples += samples;
  }

  isQuiet(packet: Packet): boolean {
    return this.#quiet.has(idOf(packet));
  }
}

function idOf({ payload }: Packet): number {
  return new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
}

export interface PlayedLeg {
  sent: SentPacket[];
  placed: PlacedPackets;
  timeline: Timeline;
}

/** Plays the legs of one call into timelines that share a clock, in order of arrival, and settles them. */
export function playLegs(...legs: SentPacket[][]): PlayedLeg[] {
  const clock = new CallClock(0);
  const played = legs.map((sent) => {
    const placed = new PlacedPackets();
    return { sent, placed, timeline: new Timeline(0, SAMPLE_RATE, clock, placed) };
  });
  const arrivals = played.flatMap((leg) => leg.sent.map((packet) => ({ leg, packet })));
  arrivals.sort((a, b) => a.packet.arrivalNs - b.packet.arrivalNs);
  for (const { leg, packet } of arrivals) leg.timeline.place(leg.placed.packetOf(packet));
  for (const { timeline } of played) timeline.flush();
  return played;
}

/** How far each packet that was placed is from where it was spoken, in ns; positive is too late. */
export function errorsOf({ sent, placed }: PlayedLeg): Map<number, number> {
  const errors = new Map<number, number>();
  for (const { id, spokenNs } of sent) {
    const place = placed.places.get(id);
    if (place !== undefined) errors.set(id, (place / SAMPLE_RATE) * 1e9 - spokenNs);
  }
  return errors;
}
