import type { MediaSummary } from '../capture/index.ts';

/** So long a recording that could not be made final is news. */
const RECENT_MS = 5 * 60_000;

/** What the calls of this process have come to. */
export class CallCounts {
  begun = 0;
  readonly ended: Record<string, number> = {};
  /** Of calls that are over. */
  packets = 0;
  lostPackets = 0;
  readonly #nowMs: () => number;
  #failedMs: number[] = [];

  /** `nowMs`: monotonic. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  addBegun(): void {
    this.begun++;
  }

  /** `media` is null where its worker was lost. */
  addEnded({ end, media }: { end: { reason: string }; media: MediaSummary | null }): void {
    this.ended[end.reason] = (this.ended[end.reason] ?? 0) + 1;
    if (!media) return;
    for (const { packets, lostPackets } of Object.values(media.tracks)) {
      this.packets += packets;
      this.lostPackets += lostPackets;
    }
    // Its journal has to stay where not all of its files have their names.
    if (media.recording.journalPath === null) this.#failedMs.push(this.#nowMs());
  }

  /** Recordings of the last 5 minutes that could not be made final. */
  get recentFailures(): number {
    const sinceMs = this.#nowMs() - RECENT_MS;
    this.#failedMs = this.#failedMs.filter((ms) => ms >= sinceMs);
    return this.#failedMs.length;
  }
}
