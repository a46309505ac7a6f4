const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** A size as a person reads it, three digits or so: `79.2 GB`. */
export function readableSize(sizeBytes: number): string {
  let amount = sizeBytes;
  let unit = 0;
  while (amount >= 1000 && unit < UNITS.length - 1) {
    amount /= 1000;
    unit++;
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[unit]}`;
}
