import {
  decode,
  isFiller,
  type Packet,
  StreamResampler,
  type TimelineOutput,
} from '../audio/index.ts';
import type { TrackWriter } from '../recording/index.ts';
import { LevelMeter } from './level-meter.ts';

/**
 * Between a leg's timeline and its files: what is masked, or can't be decoded, becomes silence of the
 * same length in every one of them. Without a writer the timeline only counts.
 */
export class LegOutput implements TimelineOutput {
  /** Of the track, in Hz. */
  sampleRate = 0;
  writer: TrackWriter | null = null;
  readonly meter = new LevelMeter();
  /** Anew when the rate changes again. */
  #resampler: { fromRate: number; resampler: StreamResampler } | null = null;

  /** Puts the packet's samples from `fromRate` Hz to the rate of the track, so that neither time nor pitch jumps. */
  convert(packet: Packet, fromRate: number): void {
    if (fromRate === this.sampleRate) return;
    if (this.#resampler?.fromRate !== fromRate) {
      const resampler = new StreamResampler(fromRate, this.sampleRate);
      this.#resampler = { fromRate, resampler };
    }
    const samples = new Int16Array(packet.samples);
    if (!packet.isSilent && !isFiller(packet))
      decode(packet.codec, packet.payload, 0, packet.samples, samples, 0);
    const converted = this.#resampler.resampler.process(samples);
    packet.codec = 'L16';
    packet.payload = new Uint8Array(converted.buffer);
    packet.samples = converted.length;
  }

  audio(packet: Packet): void {
    this.meter.measure(packet, this.sampleRate);
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
