import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CallClock, type Gap, Timeline } from '../../src/audio/index.ts';
import {
  errorsOf,
  type LegConditions,
  PACKET_NS,
  PACKET_SAMPLES,
  PlacedPackets,
  type PlayedLeg,
  playLegs,
  SAMPLE_RATE,
  type SentPacket,
  simulateLeg,
} from '../support/leg-simulation.ts';

const SECOND_NS = 1e9;
const MS_NS = 1e6;

/** Packets of 20 ms that arrive at the given times. */
function arriving(...arrivalsMs: number[]): SentPacket[] {
  return arrivalsMs.map((ms, id) => ({ id, spokenNs: 0, arrivalNs: ms * MS_NS, quiet: false }));
}

/** `count` arrivals at real-time pace, the first at `fromMs`. */
function paced(fromMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => fromMs + i * 20);
}

/** `count` arrivals at one moment. */
function burst(atMs: number, count: number): number[] {
  return Array.from({ length: count }, () => atMs);
}

function play(sent: SentPacket[]): PlayedLeg {
  return playLegs(sent)[0] as PlayedLeg;
}

function sum(list: Gap[]): number {
  return list.reduce((total, [, samples]) => total + samples, 0);
}

function assertUntouched({ sent, placed, timeline }: PlayedLeg): void {
  assert.equal(placed.order.length, sent.length);
  assert.deepEqual([timeline.lostPackets, timeline.driftCorrections], [0, []]);
  assert.ok(
    timeline.gaps.every(([at]) => at === 0),
    'silence at the head at the most',
  );
}

describe('an undisturbed call', () => {
  test('is its packets in order, one after the other, from the call start on', () => {
    const leg = play(simulateLeg({ seed: 1, durationNs: 60 * SECOND_NS }));
    assertUntouched(leg);
    assert.deepEqual(leg.timeline.gaps, []);
    assert.deepEqual(
      leg.placed.order,
      leg.sent.map(({ id }) => id),
    );
  });

  test('stays bit-exact under jitter of up to 25 ms', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 25 }), (seed, jitterMs) => {
        const conditions = { durationNs: 30 * SECOND_NS, jitterNs: jitterMs * MS_NS };
        assertUntouched(play(simulateLeg({ seed, ...conditions })));
      }),
      { numRuns: 40 },
    );
  });

  test('stays bit-exact when the sender or the network stalls and then delivers in a burst', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.integer({ min: 30, max: 3000 }), { minLength: 1, maxLength: 5 }),
        (seed, stallsMs) => {
          const stalls = stallsMs.map((ms, i): [number, number] => {
            const fromNs = (3 + i * 5) * SECOND_NS;
            return [fromNs, fromNs + ms * MS_NS];
          });
          const conditions = { durationNs: 30 * SECOND_NS, jitterNs: 5 * MS_NS, stalls };
          assertUntouched(play(simulateLeg({ seed, ...conditions })));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('loses nothing when it is sent faster than real time', () => {
    for (const speed of [1.5, 4, 100]) {
      const arrivals = Array.from({ length: 3000 }, (_, i) => 20 + (i * 20) / speed);
      assertUntouched(play(arriving(...arrivals)));
    }
  });

  test('counts no loss while the receiver itself is behind', () => {
    const placed = new PlacedPackets();
    const timeline = new Timeline(0, SAMPLE_RATE, new CallClock(0), placed);
    const sent = arriving(...paced(20, 50), ...paced(1020 + 200, 50), ...paced(2020, 50));
    for (const packet of sent) {
      const handed = placed.packetOf(packet);
      handed.lagNs = packet.id >= 50 && packet.id < 100 ? 200 * MS_NS : 0;
      timeline.place(handed);
    }
    timeline.flush();
    assert.deepEqual([timeline.gaps, timeline.lostPackets], [[], 0]);
  });
});

describe('the head', () => {
  test('is silence from the call start to the first packet', () => {
    const { timeline } = play(arriving(...paced(1500, 50)));
    assert.deepEqual(timeline.gaps, [[0, (1500 - 20) * 8]]);
  });

  test('has no silence where the first packets are a burst that makes up for the wait', () => {
    const { timeline } = play(arriving(...burst(1000, 50), ...paced(1020, 50)));
    assert.deepEqual(timeline.gaps, []);
  });

  test('has the rest as silence where the burst makes up for a part of the wait', () => {
    const { timeline } = play(arriving(...burst(1000, 20), ...paced(1020, 50)));
    assert.deepEqual(timeline.gaps, [[0, 600 * 8]]);
  });

  test('has no silence where a cold sender stalls and catches up in fits and starts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 200, maxLength: 200 }),
        (stallsMs, costs) => {
          // A packet every 20 ms is due; each leaves as soon as it can, and takes its time for it.
          let atMs = 0;
          const arrivals = costs.map((cost, i) => {
            const stallMs = i % 20 === 3 ? (stallsMs[(i - 3) / 20] ?? 0) : 0;
            atMs = Math.max(atMs, (i + 1) * 20) + stallMs + cost / 10;
            return atMs;
          });
          assertUntouched(play(arriving(...arrivals)));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('of a leg whose first packet left before the INV was here is that packet', () => {
    const { timeline } = play(arriving(...paced(2, 50)));
    assert.deepEqual(timeline.gaps, []);
  });

  test('of a call of one packet is decided at the end', () => {
    const { timeline } = play(arriving(520));
    assert.deepEqual(timeline.gaps, [[0, 4000]]);
    assert.equal(timeline.positionSamples, 4160);
  });
});

describe('a gap', () => {
  test('becomes silence of its length, before what comes after it', () => {
    const { timeline, placed } = play(arriving(...paced(20, 100), ...paced(4020, 50)));
    assert.deepEqual(timeline.gaps, [[100 * PACKET_SAMPLES, 2000 * 8]]);
    assert.equal(placed.places.get(100), 4000 * 8);
    assert.equal(timeline.lostPackets, 0);
  });

  test('whose end is a burst is as much shorter as the burst holds', () => {
    const arrivals = [...paced(20, 100), ...burst(4000, 50), ...paced(4020, 50)];
    const { timeline } = play(arriving(...arrivals));
    assert.deepEqual(timeline.gaps, [[100 * PACKET_SAMPLES, 1000 * 8]]);
  });

  test('right after another one is silence of its own', () => {
    const arrivals = [...paced(20, 50), ...paced(2020, 3), ...paced(3020, 50)];
    const { timeline } = play(arriving(...arrivals));
    assert.deepEqual(
      timeline.gaps.map(([, samples]) => samples / 8),
      [1000, 940],
    );
  });

  test('whose end comes in only a little faster than real time is as much shorter as that holds', () => {
    for (const [paceMs, packets] of [
      [5, 60],
      [10, 120],
      [15, 100],
    ] as const) {
      const backlog = Array.from({ length: packets }, (_, i) => 3000 + i * paceMs);
      const endMs = 3000 + packets * paceMs;
      const leg = play(arriving(...paced(20, 50), ...backlog, ...paced(endMs + 20, 50)));
      assert.deepEqual(leg.timeline.driftCorrections, []);
      const silentMs = endMs - 1000 - packets * 20;
      const inserted = sum(leg.timeline.gaps) / 8;
      assert.ok(Math.abs(inserted - silentMs) <= 20, `${inserted} ms, not ${silentMs}`);
    }
  });

  test('is decided by what came within two seconds, where the burst is slower than that', () => {
    const slow = Array.from({ length: 300 }, (_, i) => 10_000 + i * 15);
    const arrivals = [...paced(20, 100), ...slow, ...paced(14_500, 600)];
    const sent = arriving(...arrivals).map((packet) => ({ ...packet, quiet: packet.id > 450 }));
    const { timeline } = play(sent);
    const inserted = sum(timeline.gaps) / PACKET_SAMPLES;
    assert.ok(inserted > 20, 'silence is inserted before the burst has made up for it');
    assert.ok(timeline.driftCorrections.length > 0, 'and taken back in the next pause');
    assert.ok(timeline.driftCorrections.every(([, samples]) => samples === -PACKET_SAMPLES));
  });
});

describe('loss', () => {
  test('of a single packet is noticed without any pause, counted, and filled at its place', () => {
    const arrivals = paced(20, 200);
    arrivals.splice(100, 1);
    const { timeline } = play(arriving(...arrivals));
    assert.equal(timeline.lostPackets, 1);
    assert.deepEqual(timeline.gaps, [[100 * PACKET_SAMPLES, PACKET_SAMPLES]]);
  });

  test('of one packet in a hundred under jitter leaves both legs aligned to within one packet time', () => {
    const conditions = { durationNs: 600 * SECOND_NS, jitterNs: 10 * MS_NS, lossShare: 0.01 };
    const legs = [1, 2].map((seed) => simulateLeg({ seed, ...conditions }));
    const [r, w] = playLegs(...legs) as [PlayedLeg, PlayedLeg];
    assertAligned(r, w, 0.999);
    for (const { sent, timeline } of [r, w]) {
      const lost = 30_000 - sent.length;
      assert.ok(
        Math.abs(timeline.lostPackets - lost) <= lost * 0.02,
        `${timeline.lostPackets} of ${lost}`,
      );
    }
  });

  for (const [lossShare, jitterMs] of [
    [0.05, 40],
    [0.02, 20],
    [0.05, 5],
  ] as const) {
    test(`of ${lossShare * 100} % with ${jitterMs} ms of jitter that changes the order keeps both legs together, second by second`, () => {
      const apart: number[] = [];
      for (let seed = 1; seed <= 100; seed++) {
        const conditions = { durationNs: 10 * SECOND_NS, jitterNs: jitterMs * MS_NS, lossShare };
        const legs = [2 * seed, 2 * seed + 1].map((seed) =>
          simulateLeg({ seed, ...conditions, reorder: true }),
        );
        const [r, w] = playLegs(...legs).map(errorsOf) as [
          Map<number, number>,
          Map<number, number>,
        ];
        for (let from = 0; from < 500; from += 50)
          apart.push(Math.abs(meanIn(r, from) - meanIn(w, from)) / PACKET_NS);
      }
      assert.ok(shareWithin(apart, 1) >= 0.98, `${shareWithin(apart, 1)} within one packet time`);
      assert.ok(most(apart) < 2, `at worst ${most(apart)} packet times apart`);
    });
  }
});

describe('an hour', () => {
  /** Stalls of 50 ms to 1.5 s with their burst, a hold of both legs, and a mute of W. */
  const stalls = Array.from({ length: 27 }, (_, i): [number, number] => {
    const fromNs = (97 + i * 131) * SECOND_NS;
    return [fromNs, fromNs + (50 + ((i * 677) % 1450)) * MS_NS];
  });
  const hold: [number, number] = [600 * SECOND_NS, 720 * SECOND_NS];
  const mute: [number, number] = [1000 * SECOND_NS, 1100 * SECOND_NS];
  const hard = { durationNs: 3600 * SECOND_NS, jitterNs: 15 * MS_NS, lossShare: 0.005, stalls };

  for (const driftPpm of [100, -100]) {
    for (const talkPackets of [100, 0]) {
      const kind = talkPackets > 0 ? 'speech with pauses' : 'music without a pause';
      test(`of ${kind} with jitter, loss, bursts, holds and ${driftPpm} ppm of drift stays at its place`, () => {
        const common: Omit<LegConditions, 'seed'> = { ...hard, driftPpm, talkPackets };
        const [r, w] = playLegs(
          simulateLeg({ seed: 1, ...common, silent: [hold] }),
          simulateLeg({ seed: 2, ...common, silent: [hold, mute] }),
        ) as [PlayedLeg, PlayedLeg];
        assertAligned(r, w, 0.999);
        for (const leg of [r, w]) {
          // Drift is followed once it has come to a packet time, and jitter adds its own.
          const errors = [...errorsOf(leg).values()].map((ns) => Math.abs(ns) / PACKET_NS);
          assert.ok(shareWithin(errors, 1.5) >= 0.999);
          assert.ok(most(errors) < 3, `at worst ${most(errors)} packet times off`);
          assertAccounted(leg);
        }
      });
    }

    test(`with ${driftPpm} ppm of drift is corrected in whole packets, the same in both legs`, () => {
      const conditions = { durationNs: 3600 * SECOND_NS, driftPpm };
      const [r, w] = playLegs(
        simulateLeg({ seed: 1, ...conditions }),
        simulateLeg({ seed: 2, ...conditions }),
      ) as [PlayedLeg, PlayedLeg];
      assert.equal(r.timeline.driftCorrections.length, 17);
      assert.ok(
        r.timeline.driftCorrections.every(([, n]) => n === Math.sign(driftPpm) * PACKET_SAMPLES),
      );
      assert.deepEqual(r.timeline.driftCorrections, w.timeline.driftCorrections);
      const quiet = new Map(r.sent.map((packet) => [packet.id, packet.quiet]));
      for (const [at] of r.timeline.driftCorrections) {
        const here = [...r.placed.places].find(([, place]) => place >= at)?.[0] as number;
        assert.ok(quiet.get(here) || quiet.get(here - 1), 'in a pause');
      }
    });
  }
});

test('whatever arrives whenever, packets keep their order and every sample is accounted for', () => {
  const step = fc.oneof(
    fc.constant(20),
    fc.constant(0),
    fc.integer({ min: 0, max: 60 }),
    fc.integer({ min: 0, max: 5000 }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 400 }), fc.boolean(), (steps, quiet) => {
      let atMs = 0;
      const arrivals = steps.map((ms) => {
        atMs += ms;
        return atMs;
      });
      const leg = play(arriving(...arrivals).map((packet) => ({ ...packet, quiet })));
      assertAccounted(leg);
      const { order } = leg.placed;
      assert.ok(order.every((id, i) => i === 0 || id > (order[i - 1] as number)));
      const dropped = leg.timeline.driftCorrections.filter(([, samples]) => samples < 0).length;
      assert.equal(order.length, leg.sent.length - dropped);
    }),
    { numRuns: 300 },
  );
});

/** What the manifest says adds up to the samples that were written. */
function assertAccounted({ timeline, placed }: PlayedLeg): void {
  const inserted = timeline.driftCorrections.filter(([, samples]) => samples > 0);
  assert.equal(timeline.positionSamples, placed.positionSamples);
  assert.equal(
    timeline.positionSamples,
    timeline.audioSamples + sum(timeline.gaps) + sum(inserted),
  );
}

/** The usual error of the second that begins with packet `from`: swapped packets cancel out. */
function meanIn(errors: Map<number, number>, from: number): number {
  const found: number[] = [];
  for (let id = from; id < from + 50; id++) {
    const error = errors.get(id);
    if (error !== undefined) found.push(error);
  }
  return found.reduce((total, error) => total + error, 0) / found.length;
}

/** Packets spoken at the same moment lie within one packet time (and a sample) of each other, in this share of the call. */
function assertAligned(r: PlayedLeg, w: PlayedLeg, share: number): void {
  const errorsOfW = errorsOf(w);
  const apart: number[] = [];
  for (const [id, errorNs] of errorsOf(r)) {
    const other = errorsOfW.get(id);
    if (other !== undefined) apart.push(Math.abs(errorNs - other) / PACKET_NS);
  }
  assert.ok(apart.length > 1000);
  assert.ok(shareWithin(apart, 1 + 0.125 / 20) >= share, `aligned: ${shareWithin(apart, 1.01)}`);
  // Where in a burst packets were lost nobody can know, and two are in one here.
  assert.ok(most(apart) < 2.25, `at worst ${most(apart)} packet times apart`);
}

function shareWithin(values: number[], limit: number): number {
  return values.filter((value) => value <= limit).length / values.length;
}

function most(values: number[]): number {
  return values.reduce((max, value) => Math.max(max, value), 0);
}
