import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type Gap,
  type LegTimeline,
  Packet,
  SequencedTimeline,
  type SequenceStart,
  Timeline,
  type TimelineOutput,
} from '../../src/audio/index.ts';
import { random } from '../support/leg-simulation.ts';

const RATE = 8000;
const PACKET = 160;
const WRAP = 2 ** 32;
const DAY = 24 * 3600 * RATE;
const HOUR = 3600 * RATE;

/** A packet on the wire. `place` is the truth: the sample of the track that its first sample is. */
interface Sent {
  seq: number;
  ts: number;
  /** At its own rate; 0: it gives the track nothing. */
  samples: number;
  /** Where it is not the track's. */
  rateHz?: number;
  place: number;
  arrivalMs: number;
}

/** Keeps what a timeline says, and that it never says a packet's bytes wrong. */
class Track implements TimelineOutput {
  /** Index of the sent packet and where it was put, in the order they were put. */
  readonly placed: { id: number; at: number }[] = [];
  positionSamples = 0;
  mostSilence = 0;

  convert(packet: Packet, fromRate: number): void {
    packet.samples = Math.floor((packet.samples * RATE) / fromRate);
    packet.payload = packet.payload.subarray(0, Math.max(4, packet.samples));
  }

  audio(packet: Packet): void {
    const { payload } = packet;
    const id = Buffer.from(payload.subarray(0, 4)).readUInt32LE();
    assert.equal(payload.length, Math.max(4, packet.samples));
    this.placed.push({ id, at: this.positionSamples });
    this.positionSamples += packet.samples;
  }

  silence(samples: number): void {
    assert.ok(Number.isInteger(samples) && samples > 0);
    this.mostSilence = Math.max(this.mostSilence, samples);
    this.positionSamples += samples;
  }

  isQuiet(): boolean {
    return true;
  }
}

interface Played {
  track: Track;
  timeline: SequencedTimeline;
  mostHeld: number;
}

/** Hands all packets on from one object and one buffer, as a receiver does. */
function play(sent: readonly Sent[], start?: SequenceStart): Played {
  const track = new Track();
  const timeline = new SequencedTimeline(0, track, start);
  const packet = new Packet();
  const bytes = Buffer.alloc(4096);
  let mostHeld = 0;
  sent.forEach(({ seq, ts, samples, arrivalMs, rateHz = RATE }, id) => {
    bytes.writeUInt32LE(id);
    packet.payload = bytes.subarray(0, Math.max(4, samples));
    Object.assign(packet, { seq, ts, samples, arrivalNs: arrivalMs * 1e6 });
    if (samples > 0) timeline.place(packet, rateHz);
    else timeline.skip(seq, ts, packet.arrivalNs);
    mostHeld = Math.max(mostHeld, timeline.heldPackets);
  });
  timeline.flush();
  assert.equal(timeline.heldPackets, 0);
  return { track, timeline, mostHeld };
}

function sum(gaps: Gap[]): number {
  return gaps.reduce((total, [, samples]) => total + samples, 0);
}

function assertAccounted({ track, timeline }: Played): void {
  assert.equal(timeline.positionSamples, track.positionSamples);
  assert.deepEqual(timeline.driftCorrections, []);
  if (timeline.unlisted === 0)
    assert.equal(timeline.positionSamples, timeline.audioSamples + sum(timeline.gaps));
  let end = -1;
  for (const [at, samples] of timeline.gaps) {
    assert.ok(at > end && samples > 0, 'gaps are in order, and adjoining ones are one');
    end = at + samples;
  }
}

/** Each packet that was put somewhere is where it belongs. */
function assertTrue(sent: readonly Sent[], { track }: Played): void {
  for (const { id, at } of track.placed) assert.equal(at, sent[id]?.place, `seq ${sent[id]?.seq}`);
}

/** Packet `index` of 20 ms, on time; `change` says what is different. */
function nth(index: number, change: Partial<Sent> = {}): Sent {
  const place = index * PACKET;
  return { seq: index, ts: place, samples: PACKET, place, arrivalMs: (index + 1) * 20, ...change };
}

function range(from: number, to: number): Sent[] {
  return Array.from({ length: to - from }, (_, i) => nth(from + i));
}

interface Spoken {
  samples: number;
  holdSamples: number;
  lost: boolean;
  copies: number;
}

const spoken: fc.Arbitrary<Spoken> = fc.record({
  samples: fc.oneof(
    { weight: 4, arbitrary: fc.constant(PACKET) },
    fc.integer({ min: 1, max: 480 }),
  ),
  holdSamples: fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    fc.integer({ min: 1, max: 90 * RATE }),
  ),
  lost: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  copies: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 4 })),
});

interface Way {
  seed: number;
  /** Each copy is late by up to this much. */
  jitterMs: number;
  /** Once in ten seconds nothing arrives for so long. */
  stallMs: number;
  start: SequenceStart;
}

const number32 = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: WRAP - 1 }),
  fc.integer({ min: WRAP - 40, max: WRAP - 1 }),
);

function wayOf(jitterMs: number, stallMs: number): fc.Arbitrary<Way> {
  return fc.record({
    seed: fc.integer(),
    jitterMs: fc.integer({ min: 0, max: jitterMs }),
    stallMs: fc.integer({ min: 0, max: stallMs }),
    start: fc.record({ seq: number32, ts: number32 }),
  });
}

/** What arrives of a leg, in the order of its arrival. */
function arrive(leg: Spoken[], { seed, jitterMs, stallMs, start }: Way): Sent[] {
  const next = random(seed);
  const arrivals: (Sent & { nominalMs: number })[] = [];
  let place = 0;
  leg.forEach(({ samples, holdSamples, lost, copies }, index) => {
    place += holdSamples;
    const seq = (start.seq + index) % WRAP;
    const packet = { seq, ts: (start.ts + place) % WRAP, samples, place };
    place += samples;
    for (let copy = lost ? copies : 0; copy < copies; copy++) {
      const nominalMs = place / 8 + next() * jitterMs;
      const inPeriod = nominalMs % 10_000;
      const arrivalMs = inPeriod < stallMs ? nominalMs - inPeriod + stallMs : nominalMs;
      arrivals.push({ ...packet, nominalMs, arrivalMs });
    }
  });
  return arrivals.sort((a, b) => a.nominalMs - b.nominalMs);
}

/** What a listener with no bound at all would know of what arrived. */
function facts(sent: readonly Sent[], { seq: first }: SequenceStart) {
  const seen = new Set<number>();
  let newest = -1;
  let reordered = 0;
  for (const { seq } of sent) {
    const index = (seq - first + WRAP) % WRAP;
    if (seen.has(index)) continue;
    seen.add(index);
    if (index < newest) reordered++;
    newest = Math.max(newest, index);
  }
  return {
    unique: seen.size,
    duplicates: sent.length - seen.size,
    reordered,
    missing: newest + 1 - seen.size,
  };
}

describe('a numbered leg', () => {
  test('is each packet at its media time, from the beginning of the tap on', () => {
    const sent = [...range(5, 100), ...range(130, 200)].map((packet) => ({
      ...packet,
      seq: packet.seq < 100 ? packet.seq - 5 : packet.seq - 35,
    }));
    const played = play(sent);
    assertTrue(sent, played);
    assert.deepEqual(played.timeline.gaps, [
      [0, 5 * PACKET],
      [100 * PACKET, 30 * PACKET],
    ]);
    assert.equal(played.timeline.lostPackets, 0);
    assertAccounted(played);
  });

  test('has every packet that came at its true place, whatever loss, order, copies, jitter, stalls and holds', () => {
    fc.assert(
      fc.property(
        fc.array(spoken, { minLength: 1, maxLength: 300, size: 'max' }),
        wayOf(300, 5000),
        (leg, way) => {
          const sent = arrive(leg, way);
          const played = play(sent, way.start);
          const { timeline, track } = played;
          const expected = facts(sent, way.start);
          assertTrue(sent, played);
          assertAccounted(played);
          assert.equal(track.placed.length, expected.unique);
          assert.equal(timeline.lostPackets, expected.missing);
          assert.equal(timeline.duplicates, expected.duplicates);
          assert.equal(timeline.reordered, expected.reordered);
          assert.deepEqual([timeline.lateSeq, timeline.malformed], [0, 0]);
          const end = sent.reduce((most, { place, samples }) => Math.max(most, place + samples), 0);
          assert.equal(timeline.positionSamples, end);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('never puts a packet at a wrong place, however late it comes, and counts what was too late', () => {
    fc.assert(
      fc.property(
        fc.array(spoken, { minLength: 1, maxLength: 300, size: 'max' }),
        wayOf(4000, 0),
        (leg, way) => {
          const sent = arrive(leg, way);
          const played = play(sent, way.start);
          const { timeline, track } = played;
          const expected = facts(sent, way.start);
          assertTrue(sent, played);
          assertAccounted(played);
          assert.equal(track.placed.length + timeline.lateSeq, expected.unique);
          assert.equal(timeline.lostPackets, expected.missing + timeline.lateSeq);
          assert.equal(timeline.duplicates, expected.duplicates);
          assert.equal(timeline.malformed, 0);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is exact over an hour of loss, jitter, holds and stalls', () => {
    const next = random(7);
    const leg = Array.from({ length: 180_000 }, () => ({
      samples: PACKET,
      holdSamples: next() < 0.0005 ? Math.floor(next() * 30 * RATE) : 0,
      lost: next() < 0.02,
      copies: next() < 0.02 ? 2 : 1,
    }));
    const way = { seed: 1, jitterMs: 120, stallMs: 1500, start: { seq: 0, ts: 0 } };
    const sent = arrive(leg, way);
    const played = play(sent);
    const expected = facts(sent, way.start);
    assertTrue(sent, played);
    assertAccounted(played);
    assert.equal(played.track.placed.length, expected.unique);
    assert.equal(played.timeline.lostPackets, expected.missing);
    assert.ok(expected.missing > 3000 && expected.reordered > 10_000);
    assert.ok(played.mostHeld <= 60, `${played.mostHeld} held`);
  });

  test('goes on beyond the wrap of its number and of its media time', () => {
    const start = { seq: WRAP - 3, ts: WRAP - 500 };
    const sent = [0, 1, 2, 4, 3, 5, 7, 8].map((index) => ({
      ...nth(index),
      seq: (start.seq + index) % WRAP,
      ts: (start.ts + index * PACKET) % WRAP,
    }));
    const played = play(sent, start);
    assertTrue(sent, played);
    const { lostPackets, reordered, malformed } = played.timeline;
    assert.deepEqual([lostPackets, reordered, malformed], [1, 1, 0]);
    assert.equal(played.timeline.positionSamples, 9 * PACKET);
  });

  test('has a hold of two hours as a gap of two hours', () => {
    const later = range(50, 100).map((packet) => ({
      ...packet,
      ts: packet.ts + 2 * HOUR,
      place: packet.place + 2 * HOUR,
      arrivalMs: packet.arrivalMs + 2 * 3600e3,
    }));
    const played = play([...range(0, 50), ...later]);
    assertTrue([...range(0, 50), ...later], played);
    assert.deepEqual(played.timeline.gaps, [[50 * PACKET, 2 * HOUR]]);
    assert.deepEqual([played.timeline.lostPackets, played.timeline.malformed], [0, 0]);
  });

  test('loses nothing when it is sent faster than real time', () => {
    const sent = range(0, 500_000).map((packet, i) => ({ ...packet, arrivalMs: i / 100 }));
    const played = play(sent);
    assertTrue(sent, played);
    assert.deepEqual([played.timeline.gaps, played.timeline.malformed], [[], 0]);
  });

  test('can be filled up with silence at its end', () => {
    const { timeline } = play([...range(0, 10), nth(12)]);
    timeline.padTo(16 * PACKET);
    timeline.padTo(20 * PACKET);
    timeline.padTo(PACKET);
    assert.deepEqual(timeline.gaps, [
      [10 * PACKET, 2 * PACKET],
      [13 * PACKET, 7 * PACKET],
    ]);
    assert.equal(timeline.positionSamples, 20 * PACKET);
  });
});

describe('a missing packet', () => {
  test('is waited for until 500 ms of media have come behind it', () => {
    for (const [held, lateSeq] of [
      [25, 0],
      [27, 1],
    ] as const) {
      const behind = range(11, 11 + held).map((packet) => ({ ...packet, arrivalMs: 300 }));
      const sent = [...range(0, 10), ...behind, nth(10, { arrivalMs: 301 })];
      const played = play(sent);
      assertTrue(sent, played);
      assert.equal(played.timeline.lateSeq, lateSeq);
      assert.equal(played.timeline.lostPackets, lateSeq);
      assert.equal(played.timeline.reordered, 1 - lateSeq);
    }
  });

  test('is waited for while 500 ms pass, not counting the time in which nothing came', () => {
    const short = (index: number, arrivalMs: number) =>
      nth(index, { samples: 8, ts: index * 8, place: index * 8, arrivalMs });
    const slow = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => short(from + i, 1000 + (from + i) * 50));
    const missing = short(0, 2000);
    assert.equal(play([...slow(1, 11), missing]).timeline.lateSeq, 0);
    assert.equal(play([...slow(1, 13), missing]).timeline.lateSeq, 1);
    const stalled = [short(1, 1000), short(0, 9000), short(2, 9000)];
    assert.equal(play(stalled).timeline.lateSeq, 0);
    assertTrue(stalled, play(stalled));
  });

  test('before a hold is still waited for behind it', () => {
    const hold = 60 * RATE;
    const after = range(11, 13).map((packet) => ({
      ...packet,
      ts: packet.ts + hold,
      place: packet.place + hold,
      arrivalMs: packet.arrivalMs + 60e3,
    }));
    const first = nth(10, { ts: 10 * PACKET + hold, place: 10 * PACKET + hold, arrivalMs: 70e3 });
    const sent = [...range(0, 10), ...after, first];
    const played = play(sent);
    assertTrue(sent, played);
    assert.deepEqual([played.timeline.lateSeq, played.timeline.lostPackets], [0, 0]);
  });

  test('that comes too late counts once, and its copies are duplicates', () => {
    const late = nth(10, { arrivalMs: 2000 });
    const { timeline, track } = play([...range(0, 10), ...range(11, 90), late, late, late]);
    assert.deepEqual(
      [timeline.lostPackets, timeline.lateSeq, timeline.duplicates, timeline.reordered],
      [1, 1, 2, 0],
    );
    assert.equal(track.placed.length, 89);
  });

  test('is told from a second copy in a long call, too', () => {
    const late = nth(5000, { arrivalMs: 103_000 });
    const copy = nth(5001, { arrivalMs: 103_000 });
    const sent = [...range(0, 5000), ...range(5001, 5140), late, copy, ...range(5140, 5200)];
    const { lostPackets, lateSeq, duplicates } = play(sent).timeline;
    assert.deepEqual([lostPackets, lateSeq, duplicates], [1, 1, 1]);
  });

  test('does not pass for a new beginning where a slow path delivers a row of them', () => {
    const slow = range(0, 400).map((packet, i) => ({ ...packet, arrivalMs: 9000 + i * 20 + 11 }));
    const sent = [...range(400, 800), ...slow].sort((a, b) => a.arrivalMs - b.arrivalMs);
    const played = play(sent);
    assertTrue(sent, played);
    assertAccounted(played);
    const { lostPackets, lateSeq, malformed } = played.timeline;
    assert.deepEqual([lostPackets, lateSeq, malformed], [400, 400, 0]);
  });

  test('is never waited for with more than 512 packets', () => {
    const tiny = Array.from({ length: 3000 }, (_, i) =>
      nth(i + 1, { samples: 1, ts: i + 1, place: i + 1, arrivalMs: 20 }),
    );
    const played = play(tiny);
    assertTrue(tiny, played);
    assert.equal(played.mostHeld, 511);
    assert.equal(played.timeline.lostPackets, 1);
  });
});

describe('a packet that came and gives no audio', () => {
  const empty = (index: number) => nth(index, { samples: 0 });

  test('is silence for its time, and not lost', () => {
    const sent = [...range(0, 10), empty(10), empty(11), ...range(12, 20), empty(20)];
    const played = play(sent);
    assertTrue(sent, played);
    assertAccounted(played);
    assert.deepEqual(played.timeline.gaps, [[10 * PACKET, 2 * PACKET]]);
    const { lostPackets, malformed, duplicates } = played.timeline;
    assert.deepEqual([lostPackets, malformed, duplicates], [0, 0, 0]);
  });

  test('may be the first, and what is lost among such is known', () => {
    const sent = [empty(0), empty(1), empty(3), empty(3), empty(2), empty(5), ...range(6, 20)];
    const played = play(sent);
    assertTrue(sent, played);
    const { lostPackets, duplicates, reordered, malformed } = played.timeline;
    assert.deepEqual([lostPackets, duplicates, reordered, malformed], [1, 1, 1, 0]);
    assert.deepEqual(played.timeline.gaps, [[0, 6 * PACKET]]);
    const alone = play([empty(0), empty(2)]).timeline;
    assert.deepEqual([alone.lostPackets, alone.positionSamples], [1, 0]);
  });

  test('whose number and media time are made up is no loss of two thousand million packets', () => {
    const liar = empty(20);
    const sent = [...range(0, 20), { ...liar, seq: 2e9, ts: 2.1e9 }];
    assert.equal(play(sent).timeline.lostPackets, 0);
  });

  test('may come in any order with those that do, and changes none of their places', () => {
    const silent = fc.array(fc.nat(2), { minLength: 1, maxLength: 300, size: 'max' });
    fc.assert(
      fc.property(silent, wayOf(300, 5000), (kinds, way) => {
        const leg = kinds.map((kind) => ({
          samples: PACKET,
          holdSamples: 0,
          lost: kind === 0,
          copies: 1,
        }));
        const sent = arrive(leg, way).map((packet) => {
          const index = (packet.seq - way.start.seq + WRAP) % WRAP;
          return kinds[index] === 1 ? { ...packet, samples: 0 } : packet;
        });
        const played = play(sent, way.start);
        assertTrue(sent, played);
        assertAccounted(played);
        assert.equal(played.track.placed.length, sent.filter(({ samples }) => samples > 0).length);
        assert.equal(played.timeline.lostPackets, facts(sent, way.start).missing);
        assert.equal(played.timeline.malformed, 0);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a rate that changes', () => {
  /** What is spoken in 20 ms at each of the rates in turn, `counts` packets of each, from `start` on. */
  function eras(counts: [rateHz: number, packets: number][], start = { seq: 0, ts: 0 }): Sent[] {
    let { ts } = start;
    return counts
      .flatMap(([rateHz, packets]) => new Array<number>(packets).fill(rateHz))
      .map((rateHz, index) => {
        const samples = rateHz / 50;
        const packet = nth(index, { seq: (start.seq + index) % WRAP, ts, samples, rateHz });
        ts = (ts + samples) % WRAP;
        return packet;
      });
  }

  for (const [first, second] of [
    [8000, 16_000],
    [16_000, 8000],
    [48_000, 8000],
  ] as const) {
    const start = { seq: WRAP - 22, ts: WRAP - 21 * (first / 50) - 7 };

    test(`from ${first} to ${second} Hz leaves every packet in its place, beyond the wrap too`, () => {
      for (const from of [{ seq: 0, ts: 0 }, start]) {
        const all = eras(
          [
            [RATE, 5],
            [first, 20],
            [second, 20],
            [first, 20],
          ],
          from,
        );
        const played = play(all, from);
        assertTrue(all, played);
        assert.deepEqual([played.timeline.gaps, played.timeline.malformed], [[], 0]);
      }
    });

    test(`from ${first} to ${second} Hz is found whatever is lost or out of order around it`, () => {
      const all = eras(
        [
          [RATE, 5],
          [first, 20],
          [second, 20],
        ],
        start,
      );
      for (let lost = 0; lost < 256; lost++) {
        // Of the packets 21 to 28, the change before the fifth of them; behind it every two are swapped.
        const come = all.filter((_, i) => i < 21 || i >= 29 || ((lost >> (i - 21)) & 1) === 0);
        const sent = come.map((packet, i) => {
          const to = come[i < 20 ? i : i ^ 1] ?? packet;
          return { ...to, arrivalMs: packet.arrivalMs };
        });
        const played = play(sent, start);
        assertTrue(sent, played);
        assert.equal(played.timeline.lostPackets, 45 - come.length);
        assert.equal(played.timeline.malformed, 0);
      }
    });
  }

  test('any number of times is exact under loss, copies, jitter and stalls', () => {
    const era = fc.tuple(
      fc.constantFrom(8000, 16_000, 24_000, 48_000),
      fc.integer({ min: 3, max: 40 }),
    );
    fc.assert(
      fc.property(fc.array(era, { maxLength: 12 }), wayOf(300, 3000), (list, way) => {
        const all = eras([[RATE, 30], ...list], way.start);
        const next = random(way.seed);
        const starts = all.map((packet, i) => packet.rateHz !== all[i - 1]?.rateHz);
        const sent = all
          .flatMap((packet, i) => {
            const isLost = next() < 0.2 && !starts[i - 1] && i !== 0;
            const stallMs = packet.arrivalMs % 10_000 < way.stallMs ? way.stallMs : 0;
            const at = packet.arrivalMs + next() * way.jitterMs;
            const arrivalMs = Math.max(
              at,
              packet.arrivalMs - (packet.arrivalMs % 10_000) + stallMs,
            );
            const copies = next() < 0.1 ? 2 : 1;
            return new Array<Sent & { at: number }>(isLost ? 0 : copies).fill({
              ...packet,
              arrivalMs,
              at,
            });
          })
          .sort((a, b) => a.at - b.at);
        const played = play(sent, way.start);
        assertTrue(sent, played);
        assertAccounted(played);
        assert.equal(played.timeline.lostPackets, facts(sent, way.start).missing);
        assert.deepEqual([played.timeline.malformed, played.timeline.lateSeq], [0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  test('in a pause has the pause counted at the old rate, and arrival tells what else was lost', () => {
    const pauseMs = 3000;
    for (const [first, second] of [
      [8000, 16_000],
      [16_000, 8000],
    ] as const)
      for (const lost of [[], [23], [24], [25], [26], [25, 26], [23, 24, 25]]) {
        const all = eras([
          [RATE, 5],
          [first, 20],
          [second, 20],
        ]).map((packet, i) => ({
          ...packet,
          ts: packet.ts + (i < 25 ? 0 : (pauseMs * first) / 1000),
          place: packet.place + (i < 25 ? 0 : (pauseMs * RATE) / 1000),
          arrivalMs: packet.arrivalMs + (i < 25 ? 0 : pauseMs) + (i % 3),
        }));
        const sent = all.filter((_, i) => !lost.includes(i));
        const played = play(sent);
        assertTrue(sent, played);
        assert.deepEqual(
          [played.timeline.lostPackets, played.timeline.malformed],
          [lost.length, 0],
        );
      }
  });

  test('beside a media time that lies keeps all that follows in its place', () => {
    for (const liar of [24, 25, 26])
      for (const ts of [0, 3e9]) {
        const all = eras([
          [RATE, 25],
          [16_000, 40],
        ]);
        const sent = all.with(liar, { ...(all[liar] as Sent), ts });
        const played = play(sent);
        assertTrue(sent, played);
        assert.deepEqual([played.timeline.gaps, played.timeline.malformed], [[], 1]);
      }
  });

  test('to one that packets of odd sizes do not fit leaves no gaps of a sample', () => {
    let place = 0;
    const sent = range(0, 200).map((packet) => {
      const rateHz = packet.seq < 20 ? 8000 : 48_000;
      const samples = packet.seq < 20 ? PACKET : 961 + (packet.seq % 7);
      const ts = place;
      place += samples;
      return { ...packet, ts, samples, rateHz };
    });
    const { timeline, track } = play(sent);
    assert.equal(track.placed.length, 200);
    assert.ok(timeline.gaps.every(([, samples]) => samples > 1));
    assert.equal(timeline.malformed, 0);
  });
});

describe('a sender that lies', () => {
  test('with one media time loses nothing by it, and all others keep their places', () => {
    for (const ts of [0, 30 * PACKET, 50 * PACKET - 1, 5 * HOUR, WRAP - 1, WRAP / 2]) {
      const sent = [...range(0, 50), nth(50, { ts }), ...range(51, 100)];
      const played = play(sent);
      assertTrue(sent, played);
      assertAccounted(played);
      assert.equal(played.track.placed.length, 100);
      assert.deepEqual([played.timeline.malformed, played.timeline.gaps], [1, []], `ts ${ts}`);
    }
  });

  test('and sets its clock is believed from the second packet on', () => {
    const set = 3e9;
    const sent = [...range(0, 50), ...range(60, 200)].map((packet, id) =>
      id < 50 ? packet : { ...packet, ts: packet.ts + set },
    );
    sent.splice(100, 1);
    const played = play(sent);
    assert.equal(played.timeline.malformed, 1);
    assertTrue(sent, played);
    assert.deepEqual(played.timeline.gaps, [
      [50 * PACKET, 10 * PACKET],
      [110 * PACKET, PACKET],
    ]);
    assert.equal(played.timeline.lostPackets, 11);
  });

  test('by a clock that does not begin with the tap is placed by its first arrival', () => {
    const sent = range(0, 100).map((packet) => ({
      ...packet,
      ts: (packet.ts + 3e9) % WRAP,
      place: packet.place + 100 * PACKET,
      arrivalMs: packet.arrivalMs + 2000,
    }));
    const played = play(sent);
    assertTrue(sent, played);
    assert.equal(played.timeline.malformed, 1);
  });

  test('by a number that does not begin at 0 has lost nothing by it', () => {
    for (const base of [5000, 3e9, WRAP - 20]) {
      const sent = range(0, 100).map((packet) => ({ ...packet, seq: (packet.seq + base) % WRAP }));
      const played = play(sent);
      assertTrue(sent, played);
      const { malformed, lostPackets, positionSamples } = played.timeline;
      assert.deepEqual([malformed, lostPackets, positionSamples], [1, 0, 100 * PACKET]);
    }
  });

  test('by both has lost nothing by it either', () => {
    const sent = range(0, 100).map((packet) => ({
      ...packet,
      seq: packet.seq + 5000,
      ts: packet.ts + 1e9,
    }));
    const played = play(sent);
    assertTrue(sent, played);
    const { malformed, lostPackets } = played.timeline;
    assert.deepEqual([malformed, lostPackets], [1, 0]);
  });

  test('with one number loses that packet only', () => {
    for (const seq of [50_000, 2e9, 3e9]) {
      const sent = [...range(0, 50), nth(50, { seq }), ...range(51, 100)];
      const played = play(sent);
      assertTrue(sent, played);
      assert.equal(played.timeline.lostPackets, 1);
      assert.equal(played.track.placed.length, 99);
    }
  });

  test('and begins its numbers anew is heard again after five seconds', () => {
    for (const restartedTs of [true, false]) {
      const anew = range(0, 1000).map((packet, i) => ({
        ...packet,
        ts: restartedTs ? packet.ts : packet.ts + 1000 * PACKET,
        place: (1000 + i) * PACKET,
        arrivalMs: packet.arrivalMs + 20_000,
      }));
      const sent = [...range(0, 1000), ...anew];
      const played = play(sent);
      assertTrue(sent, played);
      assert.equal(played.track.placed.length, 2000 - 250);
      assert.equal(played.timeline.malformed, restartedTs ? 2 : 1);
      assert.equal(played.timeline.positionSamples, 2000 * PACKET);
    }
  });

  test('by a clock that stands still or runs at half its rate loses none of its audio', () => {
    for (const step of [0, PACKET / 2]) {
      const sent = range(0, 200).map((packet) => ({ ...packet, ts: packet.seq * step }));
      const { timeline, track } = play(sent);
      assert.equal(track.placed.length, 200);
      assert.deepEqual([timeline.gaps, timeline.malformed], [[], 199]);
    }
  });

  test('cannot make silence of time that has not passed, however often it tries', () => {
    const leaps = [PACKET * 80_000, 59 * 60 * RATE, 15 * RATE];
    for (const leap of leaps) {
      const sent = range(0, 2000).map((packet) => {
        const ts = (packet.ts + Math.floor(packet.seq / 10) * leap) % WRAP;
        return { ...packet, ts };
      });
      const { timeline, track } = play(sent);
      assert.equal(track.placed.length, 2000);
      assert.ok(timeline.malformed > 0);
      assert.ok(timeline.positionSamples <= mostSamples(40_000), `${leap}`);
    }
  });

  test('by a clock one per cent too fast, or that began some seconds before the tap, is believed', () => {
    const fast = range(0, 60_000).map((packet) => {
      const place = Math.round(packet.place * 1.009) + 9 * RATE;
      return { ...packet, ts: place, place };
    });
    const played = play(fast);
    assertTrue(fast, played);
    assert.equal(played.timeline.malformed, 0);
  });

  test('or sends no numbers at all is not in the audio', () => {
    const sent = [nth(0), nth(1, { seq: -1 }), nth(1, { ts: -1 }), nth(1)];
    const { timeline, track } = play(sent);
    assert.deepEqual([timeline.malformed, track.placed.length], [2, 2]);
  });

  test('about everything is still accounted for, within bounds', () => {
    const near = fc.oneof(fc.integer({ min: 0, max: 600 }), number32);
    const lie = fc.record({
      seq: near,
      ts: fc.oneof(fc.integer({ min: 0, max: 100_000 }), number32),
      samples: fc.integer({ min: 1, max: 480 }),
      afterMs: fc.oneof(fc.constant(20), fc.nat(60), fc.nat(60_000), fc.nat(100 * 3600e3)),
      like: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(lie, { minLength: 1, maxLength: 400, size: 'max' }), (lies) => {
        let arrivalMs = 0;
        let last = { seq: 0, ts: 0, samples: 0 };
        const sent = lies.map(({ afterMs, like, ...said }) => {
          arrivalMs += afterMs;
          const next = { seq: (last.seq + 1) % WRAP, ts: (last.ts + last.samples) % WRAP };
          last = like === 0 ? said : { ...said, ...next };
          return { ...last, place: 0, arrivalMs };
        });
        const played = play(sent);
        const { timeline, track, mostHeld } = played;
        assertAccounted(played);
        assert.ok(mostHeld <= 512);
        assert.ok(track.mostSilence <= DAY);
        assert.ok(
          timeline.positionSamples <=
            timeline.audioSamples + mostSamples(arrivalMs) + 3 * sumOf(sent),
        );
        const told = track.placed.length + timeline.duplicates + timeline.lateSeq;
        assert.ok(told <= sent.length && sent.length <= told + timeline.malformed);
        assert.ok(timeline.lostPackets >= 0 && Number.isInteger(timeline.lostPackets));
      }),
      { numRuns: 500 },
    );
  });
});

/** How far a media time is believed after so long: ten seconds and one per cent ahead of it. */
function mostSamples(afterMs: number): number {
  return afterMs * 8 * 1.01 + 10 * RATE + PACKET;
}

function sumOf(sent: readonly Sent[]): number {
  return sent.reduce((total, { samples }) => total + samples, 0);
}

test('the list of gaps is bounded, what is beyond is counted', () => {
  const sent = range(0, 25_000).filter(({ seq }) => seq % 2 === 0);
  const { timeline } = play(sent);
  assert.equal(timeline.gaps.length, 10_000);
  assert.equal(timeline.unlisted, 12_499 - 10_000);
  assert.equal(timeline.lostPackets, 12_499);
});

test('both timelines have the same surface', () => {
  const both: (new (...args: never[]) => LegTimeline)[] = [Timeline, SequencedTimeline];
  assert.equal(both.length, 2);
});
