/** Ports from the first to the last. */
export type PortRange = [first: number, last: number];

/** What a daemon of a test takes where `mediaPorts` says nothing else. */
const DEFAULT: PortRange = [10_000, 11_999];
const RANGE = /\b(\d{2}_?\d{3})-(\d{2}_?\d{3})\b/g;
/** Of `startParts`, which takes 40. */
const FIRST = /\bfirstPort: (\d{2}_?\d{3})\b/g;
const PARTS_PORTS = 40;

/** The media ports that a test file takes, by what it says in its source. */
export function portRangesOf(source: string): PortRange[] {
  const ranges = [...source.matchAll(RANGE)].map(
    ([, first, last]): PortRange => [portOf(first), portOf(last)],
  );
  const parts = [...source.matchAll(FIRST)].map(
    ([, first]): PortRange => [portOf(first), portOf(first) + PARTS_PORTS - 1],
  );
  const daemons = source.split('DaemonProcess.start(').length;
  const isDefault = daemons > source.split('mediaPorts').length;
  return [...ranges, ...parts, ...(isDefault ? [DEFAULT] : [])];
}

export function doOverlap(some: PortRange[], others: PortRange[]): boolean {
  return some.some(([first, last]) =>
    others.some((other) => first <= other[1] && other[0] <= last),
  );
}

function portOf(text: string | undefined): number {
  return Number(text?.replace('_', ''));
}
