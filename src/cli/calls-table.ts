import Table from 'cli-table3';
import type { LiveCall, LiveTrack } from '../http/index.ts';
import { printable } from './printable.ts';

/** Of a caller's text so many characters are shown. */
const MAX_SHOWN = 28;
/** What is lower is silence to the ear. */
const LOWEST_DB = -64;
const BARS = '▁▂▃▄▅▆▇█';
/** After this long without a packet the table says so. */
const SILENT_MS = 3_000;

/** Lines of the table that are no calls: its head, its borders and the total. */
const OTHER_LINES = 5;

/**
 * The calls as a person reads them: a table, oldest first. Where that has more than `maxLines`, the
 * youngest are left out, but never all.
 */
export function formatCalls(
  calls: readonly LiveCall[],
  maxLines: number = Number.POSITIVE_INFINITY,
): string {
  if (calls.length === 0) return 'No calls.\n';
  const table = new Table({
    head: [
      'uuid',
      'box',
      'caller',
      'callee',
      'age',
      'codec',
      'packets R',
      'W',
      'level R',
      'W',
      'state',
    ],
    colAligns: [
      ...(['left', 'left', 'left', 'left', 'right', 'left'] as const),
      ...(['right', 'right', 'right', 'right', 'left'] as const),
    ],
    style: { head: [], border: [], compact: true },
  });
  const shown = calls
    .toSorted((a, b) => b.ageMs - a.ageMs)
    .slice(0, Math.max(1, maxLines - OTHER_LINES));
  for (const call of shown) table.push(row(call));
  const left = calls.length - shown.length;
  const total = `${calls.length} call${calls.length === 1 ? '' : 's'}`;
  return `${table.toString()}\n${total}${left === 0 ? '' : `, the ${left} youngest not shown`}\n`;
}

function row(call: LiveCall): string[] {
  const { R, W } = call.tracks;
  return [
    printable(call.uuid),
    shown(call.box ?? ''),
    shown(call.caller),
    shown(call.callee),
    formatAge(call.ageMs),
    formatCodecs(R, W),
    String(R.packets),
    String(W.packets),
    formatLevel(R.levelDb),
    formatLevel(W.levelDb),
    formatState(call),
  ];
}

/** `1:05`, `2:01:05` */
export function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  const two = (number: number) => String(number).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

function formatCodecs(R: LiveTrack, W: LiveTrack): string {
  const names = new Set([R.codec, W.codec].map((codec) => printable(codec ?? '-')));
  return [...names].join('/');
}

/** A bar and the number, `-64` and below the lowest bar: `▆ -12`. */
export function formatLevel(levelDb: number | null): string {
  if (levelDb === null) return '-';
  const share = Math.min(1, Math.max(0, 1 - levelDb / LOWEST_DB));
  const bar = BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))];
  return `${bar} ${String(Math.round(levelDb)).padStart(3)}`;
}

function formatState({ state, tracks }: LiveCall): string {
  const last = [tracks.R.lastPacketMs, tracks.W.lastPacketMs].filter((ms) => ms !== null);
  const silentMs = last.length === 0 ? 0 : Math.min(...last);
  const silence = silentMs < SILENT_MS ? '' : `, nothing for ${formatAge(silentMs)}`;
  return printable(state) + silence;
}

function shown(text: string): string {
  const characters = [...printable(text)];
  if (characters.length <= MAX_SHOWN) return characters.join('');
  return `${characters.slice(0, MAX_SHOWN - 1).join('')}…`;
}
