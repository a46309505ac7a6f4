/** `[atSample, samples]`: silence the timeline put in, because nothing had arrived for that time. */
export type Gap = [atSample: number, samples: number];

/** Gaps listed per leg; beyond that they are only counted, so that memory is bounded. */
const MAX_LISTED = 10_000;

/** What a timeline put in or left out, for the manifest. */
export class GapList {
  readonly gaps: Gap[] = [];
  /** Those beyond the number that is listed. */
  unlisted = 0;

  /** Adds a gap; where it adjoins the one before, they are one. */
  join(atSample: number, samples: number): void {
    const last = this.gaps[this.gaps.length - 1];
    if (last && last[0] + last[1] === atSample) last[1] += samples;
    else this.add(atSample, samples);
  }

  add(atSample: number, samples: number): void {
    if (this.gaps.length < MAX_LISTED) this.gaps.push([atSample, samples]);
    else this.unlisted++;
  }
}
