import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type ControlMessage,
  DataHeader,
  type InvExtension,
  type PortPair,
  parseControl,
  parseData,
} from '../../src/protocol/index.ts';
import { LegSchedule } from '../../src/send/leg-schedule.ts';
import { TapCall, type TapPlan } from '../../src/send/tap-call.ts';
import { TapLeg } from '../../src/send/tap-leg.ts';
import { nextTapState, type TapEvent, type TapState } from '../../src/send/tap-state.ts';
import { wireFormat } from '../../src/send/wire-format.ts';

const PORTS = { readPort: 6004, writePort: 6005 };
const ACK = { kind: 'ack', uuid: 'u', ports: PORTS, seq: false } as const;
const BARE_ACK = { kind: 'ack', uuid: 'u', ports: null, seq: false } as const;
const SEQ_ACK = { ...ACK, seq: true } as const;
const OFFER = { seq: true, ptimeMs: 20, rateHz: 8000, box: null };
const BYE = { kind: 'bye', uuid: 'u' } as const;

/** A call of `packets` packets a leg on a clock that the test turns; what it sends is told as words. */
class Bench {
  nowMs = 1000;
  readonly said: string[] = [];
  /** LEG SEQ TS of each DATA. */
  readonly numbers: string[] = [];
  readonly states: TapState[] = [];
  readonly offers: (InvExtension | null)[] = [];
  readonly routes: PortPair[] = [];
  readonly call: TapCall;

  constructor({ form = 'ports', packets = 3, ...plan }: BenchOptions = {}) {
    const wire = {
      localPorts: form === 'old' ? null : { readPort: 5004, writePort: 5005 },
      route: (ports: PortPair) => this.routes.push(ports),
      sendControl: (datagram: Uint8Array) => {
        const message = parseControl(datagram);
        this.say(message.kind);
        if (message.kind === 'inv') this.offers.push(message.extension);
      },
    };
    const departure = { packetMs: 20, packets, loss: 0, jitterMs: 0 };
    const leg = (name: 'R' | 'W') =>
      new TapLeg(
        name,
        'u',
        wireFormat('pcmu', 8000, 20),
        { packets: null, payload: () => new Uint8Array(160) },
        new LegSchedule(
          { ...departure, reorder: false, duplicate: 0, burstMs: 0, burstEveryMs: 3000 },
          () => 0.5,
          () => 0.5,
        ),
        (to, parts) => {
          this.say(`${to}${parts.length}`);
          this.numbers.push(numbersOf(parts));
        },
      );
    const whole: TapPlan = {
      uuid: 'u',
      caller: '1001',
      callee: '9000',
      lengthMs: packets * 20,
      extension: null,
      dropInv: false,
      dropBye: false,
      retryMs: 500,
      ...plan,
    };
    this.call = new TapCall(whole, wire, { R: leg('R'), W: leg('W') }, this.nowMs, (state) =>
      this.states.push(state),
    );
  }

  say(what: string): void {
    this.said.push(`${this.nowMs - 1000} ${what}`);
  }

  /** Turns the clock to `untilMs`, as the pacer would: from due time to due time. */
  runTo(untilMs: number): this {
    while (this.call.dueMs <= 1000 + untilMs) {
      this.nowMs = Math.max(this.nowMs, this.call.dueMs);
      this.call.advance(this.nowMs);
    }
    this.nowMs = 1000 + untilMs;
    return this;
  }

  receive(message: ControlMessage): this {
    this.call.receive(message, this.nowMs);
    return this;
  }
}

function numbersOf(parts: Uint8Array[]): string {
  const header = new DataHeader();
  assert.equal(parseData(Buffer.concat(parts), header), 'data');
  return `${header.leg} ${header.seq} ${header.ts}`;
}

type BenchOptions = Partial<TapPlan> & { form?: 'ports' | 'old'; packets?: number };

const PLAYED = ['R2', 'W2'];

describe('a tapped call', () => {
  test('invites, plays from its ACK on, and says BYE when its audio is over', () => {
    const bench = new Bench().runTo(7).receive(ACK).runTo(70).receive(BARE_ACK);
    assert.deepEqual(bench.said, [
      '0 inv',
      ...[7, 27, 47].flatMap((ms) => PLAYED.map((what) => `${ms} ${what}`)),
      '67 bye',
    ]);
    assert.deepEqual(bench.states, ['sending', 'ending', 'ended']);
    assert.deepEqual(bench.routes, [PORTS]);
    assert.equal(bench.call.dueMs, Number.POSITIVE_INFINITY);
    const summary = bench.call.summary();
    assert.deepEqual(summary.inv, { sent: 1, ackedAfterMs: 7 });
    assert.deepEqual(summary.legs.R, { packets: 3, bytes: 480, lost: 0, duplicates: 0 });
    assert.deepEqual(summary.bye, { sent: 1, acked: true });
    assert.equal(summary.outcome, 'completed');
  });

  test('gives up half a second after its fourth INV', () => {
    const bench = new Bench().runTo(10_000);
    assert.deepEqual(bench.said, ['0 inv', '500 inv', '1000 inv', '1500 inv']);
    assert.deepEqual(bench.states, ['ended']);
    assert.equal(bench.call.summary().outcome, 'no-ack');
  });

  test('gives up half a second after its third BYE, and has still been played', () => {
    const bench = new Bench().runTo(0).receive(ACK).runTo(10_000);
    assert.deepEqual(
      bench.said.filter((what) => what.endsWith('bye')),
      ['60 bye', '560 bye', '1060 bye'],
    );
    assert.equal(bench.call.summary().outcome, 'completed');
    assert.deepEqual(bench.call.summary().bye, { sent: 3, acked: false });
  });

  test('wakes up late and sends all that is due, R and W in turn', () => {
    const bench = new Bench({ packets: 5 }).runTo(0).receive(ACK);
    bench.nowMs = 1070;
    bench.call.advance(bench.nowMs);
    assert.deepEqual(
      bench.said.slice(3),
      ['R2', 'W2', 'R2', 'W2', 'R2', 'W2'].map((w) => `70 ${w}`),
    );
    assert.equal(bench.call.dueMs, 1080);
  });

  test('takes the answer to a second INV neither for a start nor for the answer to its BYE', () => {
    const bench = new Bench().runTo(500).receive(ACK).runTo(510).receive(ACK).runTo(565);
    assert.equal(bench.call.state, 'ending');
    bench.receive(ACK);
    assert.equal(bench.call.state, 'ending');
    bench.receive(BARE_ACK);
    assert.equal(bench.call.state, 'ended');
    assert.equal(bench.routes.length, 1);
    assert.equal(bench.call.summary().legs.R.packets, 3);
  });

  test('minds nothing that is about another call', () => {
    const bench = new Bench().runTo(0).receive({ ...ACK, uuid: 'v' });
    assert.equal(bench.call.state, 'inviting');
    bench.receive(ACK).receive({ ...BYE, uuid: 'v' });
    assert.equal(bench.call.state, 'sending');
  });

  test('in the old form plays at once, invites meanwhile and knows at the end that nobody heard', () => {
    const bench = new Bench({ form: 'old', packets: 40 }).runTo(10_000);
    assert.deepEqual(bench.said.slice(0, 3), ['0 inv', '0 R2', '0 W2']);
    assert.deepEqual(
      bench.said.filter((what) => what.endsWith('inv')),
      ['0 inv', '500 inv'],
    );
    assert.equal(bench.call.summary().outcome, 'no-ack');
    assert.equal(bench.call.summary().legs.W.packets, 40);
  });

  test('that is stopped while it invites says BYE, for the server may have heard the INV', () => {
    const bench = new Bench().runTo(0);
    bench.call.stop(bench.nowMs);
    assert.deepEqual(bench.said, ['0 inv', '0 bye']);
    assert.equal(bench.receive(BARE_ACK).call.summary().outcome, 'aborted');
    assert.deepEqual(bench.states, ['ending', 'ended']);
  });

  test('that is stopped before it said anything just ends', () => {
    const bench = new Bench();
    bench.call.stop(bench.nowMs);
    assert.deepEqual(bench.said, []);
    assert.deepEqual(bench.states, ['ending', 'ended']);
    assert.equal(bench.call.summary().startedAt, null);
  });

  test('numbers its packets where that is offered and accepted, from the first INV on', () => {
    for (const [ackedAtMs, packets] of [
      [0, 0],
      [9, 0],
      [11, 1],
      [990, 50],
    ] as const) {
      const bench = new Bench({ extension: OFFER }).runTo(ackedAtMs).receive(SEQ_ACK);
      bench.runTo(ackedAtMs + 60);
      const expected = [0, 1, 2].flatMap((seq) =>
        ['R', 'W'].map((leg) => `${leg} ${seq} ${(packets + seq) * 160}`),
      );
      assert.deepEqual(bench.numbers, expected);
      assert.deepEqual(bench.offers, Array(Math.ceil((ackedAtMs + 1) / 500)).fill(OFFER));
      assert.deepEqual(bench.call.summary().seq, { offered: true, accepted: true });
    }
  });

  test('numbers nothing that is not both offered and accepted', () => {
    for (const [extension, ack] of [
      [OFFER, ACK],
      [null, SEQ_ACK],
      [{ ...OFFER, seq: false }, SEQ_ACK],
    ] as const) {
      const bench = new Bench({ extension }).runTo(0).receive(ack).runTo(5).receive(SEQ_ACK);
      bench.runTo(60);
      assert.deepEqual(bench.numbers, Array(3).fill(['R -1 -1', 'W -1 -1']).flat());
      const { offered, accepted } = bench.call.summary().seq;
      assert.deepEqual([offered, accepted], [extension?.seq === true, false]);
    }
  });

  test('takes a BYE that crosses its own for the answer to it', () => {
    const bench = new Bench().runTo(0).receive(ACK).runTo(60).receive(BYE);
    assert.equal(bench.call.state, 'ended');
    assert.deepEqual(bench.call.summary().bye, { sent: 1, acked: true });
    assert.equal(bench.call.summary().outcome, 'completed');
    assert.equal(bench.said.at(-1), '60 ack');
  });

  test('ends, whatever comes in whatever order, and is quiet from then on', () => {
    const step = fc.oneof(
      fc.constantFrom(ACK, SEQ_ACK, BARE_ACK, BYE),
      fc.constant('stop' as const),
      fc.integer({ min: 0, max: 700 }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.record({
          form: fc.constantFrom('ports' as const, 'old' as const),
          dropInv: fc.boolean(),
          dropBye: fc.boolean(),
          extension: fc.constantFrom(OFFER, null),
        }),
        (steps, options) => {
          const bench = new Bench(options);
          for (const next of steps) {
            if (next === 'stop') bench.call.stop(bench.nowMs);
            else if (typeof next === 'number') bench.runTo(bench.nowMs - 1000 + next);
            else bench.receive(next);
          }
          bench.runTo(60_000);
          assert.equal(bench.call.state, 'ended');
          const saidMost = bench.said.length;
          bench.receive(ACK).receive(BYE).runTo(120_000);
          bench.call.stop(bench.nowMs);
          assert.equal(bench.said.length, saidMost);
          assert.equal(bench.states.filter((state) => state === 'ended').length, 1);
          const { inv, bye, legs } = bench.call.summary();
          assert.ok(inv.sent <= 4 && bye.sent <= 3 && legs.R.packets <= 3);
          if (options.dropInv) assert.equal(inv.sent, 0);
          if (options.dropBye) assert.equal(bye.sent, 0);
        },
      ),
    );
  });
});

test('a call that has ended stays so, whatever happens', () => {
  const events: TapEvent[] = [
    'started',
    'played',
    'stopped',
    'acked',
    'gave-up',
    'ended-by-server',
  ];
  for (const event of events) assert.equal(nextTapState('ended', event), 'ended');
});
