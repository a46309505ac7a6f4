import type { Received } from './fake-server.ts';

/** Where the host's frames have their numbers: its G.723 has them behind the byte that tells the size. */
export function frameNumbers(packets: readonly Received[], isG723 = false): number[] {
  return packets.map(({ payload }) => payload.readUInt32BE(isG723 ? 1 : 0));
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** LENGTH, SEQ and TS of a numbered packet. */
export function numbersOf({ fields }: Received): { length: number; seq: number; ts: number } {
  const [length = Number.NaN, seq = Number.NaN, ts = Number.NaN] = (fields[2] ?? '')
    .split(',')
    .map(Number);
  return { length, seq, ts };
}
