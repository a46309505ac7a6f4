/** `[atSample, samples]` */
export type Span = [atSample: number, samples: number];

/** In order, and those that touch or overlap as one. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const [at, samples] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && at <= last[0] + last[1]) last[1] = Math.max(last[1], at + samples - last[0]);
    else merged.push([at, samples]);
  }
  return merged;
}
