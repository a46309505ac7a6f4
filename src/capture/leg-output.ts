import type { Packet, TimelineOutput } from '../audio/index.ts';
import type { TrackWriter } from '../recording/index.ts';

/**
 * Between a leg's timeline and its files: what is masked, or can't be decoded, becomes silence of the
 * same length in every one of them. Without a writer the timeline only counts.
 */
export class LegOutput implements TimelineOutput {
  writer: TrackWriter | null = null;

  audio(packet: Packet): void {
    if (packet.isSilent) this.writer?.silence(packet.samples);
    else this.writer?.audio(packet);
  }

  silence(samples: number): void {
    this.writer?.silence(samples);
  }

  isQuiet(packet: Packet): boolean {
    return packet.isSilent || (this.writer?.isQuiet(packet) ?? true);
  }
}
