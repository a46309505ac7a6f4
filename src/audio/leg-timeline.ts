import type { Packet } from './packet.ts';

/**
 * Turns the packets of one leg into a gapless row of samples from the call's start on, and tells what it
 * had to put in or leave out. `Timeline` goes by arrival, `SequencedTimeline` by the packets' numbers.
 */
export interface LegTimeline {
  /** Samples said so far, silence included. */
  readonly positionSamples: number;
  /** Samples of packets said so far. */
  readonly audioSamples: number;
  /** Silence inserted, in order; adjoining pieces are one. */
  readonly gaps: [atSample: number, samples: number][];
  /** Positive where silence was inserted, negative where a packet was dropped. */
  readonly driftCorrections: [atSample: number, samples: number][];
  /** Gaps and corrections beyond the number that is listed. */
  readonly unlisted: number;
  /** Packets whose audio is not in the track because they did not come, or not in time. */
  readonly lostPackets: number;

  /** Places one packet, now or soon. `samples` must be positive; the packet is free again on return. */
  place(packet: Packet): void;
  /** Decides on what is held, with what is known now. */
  flush(): void;
  /** Appends silence up to `samples` in all; call `flush` first. */
  padTo(samples: number): void;
}
