import assert from 'node:assert/strict';
import type { LegName } from '../../src/protocol/index.ts';
import type { CheckedSegment } from './check-segment.ts';
import type { SentCall } from './steady-taps.ts';

const LEGS = ['R', 'W'] as const;
const PACKET_MS = 20;
/** What a busy machine takes to say what it has sent, and to note when it came. */
const PLACE_MS = 250;

/** A time in which nobody received, in ms by the wall clock. */
export interface Outage {
  /** When the server was killed, at the earliest. */
  killedAtMs: number;
  /** When the next one said that it listens. */
  listeningAtMs: number;
}

/** What may be missing of a call, and how it ended. */
export interface Expected {
  outages: readonly Outage[];
  /** How much of what was received before a kill may be lost with it. */
  lostMs: number;
  endReason: string;
}

/** What is missing of a call. */
export interface Missing {
  packets: number;
  /** The longest before a kill that something was sent which is lost. */
  worstLostMs: number;
}

/**
 * Throws where the segments of a call, in their order, are not what was sent: each packet once and at its
 * place, but those which an outage accounts for; and where they do not name each other, or their end.
 */
export function checkCall(
  segments: readonly CheckedSegment[],
  sent: SentCall,
  expected: Expected,
): Missing {
  checkChain(segments, sent, expected);
  const missing: Missing = { packets: 0, worstLostMs: 0 };
  for (const leg of LEGS) {
    for (const segment of segments) checkPlaces(segment, sent, leg);
    const numbers = segments.flatMap(({ found }) => found[leg].map(({ number }) => number));
    for (const [i, number] of numbers.entries())
      assert.ok(i === 0 || number > (numbers[i - 1] as number), `${leg}: ${number} comes again`);
    const there = new Set(numbers);
    for (const [number, sentAtMs] of sent.sentAtMs[leg].entries()) {
      if (there.has(number)) continue;
      const outage = outageOf(sentAtMs, expected);
      assert.ok(
        outage,
        `${sent.uuid}: packet ${number} of ${leg} is missing; ${said(sentAtMs, expected)}`,
      );
      missing.packets++;
      missing.worstLostMs = Math.max(missing.worstLostMs, outage.killedAtMs - sentAtMs);
    }
  }
  return missing;
}

function checkChain(
  segments: readonly CheckedSegment[],
  { uuid }: SentCall,
  { outages, lostMs, endReason }: Expected,
): void {
  for (const [i, { manifest }] of segments.entries()) {
    const about = `${uuid}, segment ${i + 1} of ${segments.length}`;
    const [before, behind] = [segments[i - 1]?.manifest, segments[i + 1]?.manifest];
    assert.deepEqual(
      [manifest.segment, manifest.previous, manifest.next, manifest.endReason],
      [
        ...[i + 1, before?.recordId ?? null, behind?.recordId ?? null],
        behind ? 'recovered' : endReason,
      ],
      about,
    );
    if (!behind || manifest.durationMs === 0) continue;
    const lateMs = outages.map(({ killedAtMs }) => killedAtMs - Date.parse(manifest.endedAt));
    assert.ok(
      lateMs.some((ms) => ms > -PLACE_MS && ms < lostMs),
      `${about} ends at no kill: ${lateMs} ms before`,
    );
  }
}

/** A packet is heard at the time it was sent, or was to be sent where the sender was late. */
function checkPlaces({ manifest, found }: CheckedSegment, sent: SentCall, leg: LegName): void {
  const startMs = Date.parse(manifest.startedAt ?? '');
  const sentAtMs = sent.sentAtMs[leg];
  const slackMs = PLACE_MS + worstLateMs(sentAtMs);
  for (const { number, atSample } of found[leg]) {
    const offMs = startMs + atSample / 8 - (sentAtMs[number] ?? Number.NaN);
    assert.ok(
      Math.abs(offMs) < slackMs,
      `${sent.uuid}: packet ${number} of ${leg} is ${offMs} ms off its place`,
    );
  }
}

function worstLateMs(sentAtMs: readonly number[]): number {
  const late = sentAtMs.map((ms, number) => ms - number * PACKET_MS);
  return late.reduce((worst, ms) => Math.max(worst, ms), Number.NEGATIVE_INFINITY) - lowest(late);
}

function lowest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

function outageOf(sentAtMs: number, { outages, lostMs }: Expected): Outage | undefined {
  return outages.find(
    ({ killedAtMs, listeningAtMs }) => sentAtMs >= killedAtMs - lostMs && sentAtMs <= listeningAtMs,
  );
}

function said(sentAtMs: number, { outages }: Expected): string {
  return outages
    .map(
      ({ killedAtMs, listeningAtMs }) =>
        `${sentAtMs - killedAtMs} ms behind a kill, ${sentAtMs - listeningAtMs} ms behind the start`,
    )
    .join('; ');
}
