import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import {
  type CallStats,
  type DropReason,
  type MediaSummary,
  monotonicFrom,
  type OpenCall,
  type ResumedMedia,
  WorkerPool,
} from '../../src/capture/index.ts';
import { formatData, type PortPair } from '../../src/protocol/index.ts';
import { RECEIVER_NAMES } from '../support/receivers.ts';

const HOST = '127.0.0.1';
const PORT_REST_MS = 300;
/** More than one worker holds ready: two of them get pairs. */
const PORTS_OF_TWO = 130;
const clockOrigin = process.hrtime.bigint();
const now = monotonicFrom(clockOrigin);
const sender = createSocket('udp4');
let dir = '';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'worker-pool-'));
});

after(async () => {
  sender.close();
  await rm(dir, { recursive: true });
});

async function occupy(port: number): Promise<Socket> {
  const socket = createSocket('udp4').bind({ port, address: HOST, exclusive: true });
  await once(socket, 'listening');
  return socket;
}

/** The first of `count` ports in a row that nobody has. */
async function freeRange(count: number): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const first = 10_000 + Math.floor(Math.random() * 20_000);
    const sockets: Socket[] = [];
    try {
      for (let port = first; port < first + count; port++) sockets.push(await occupy(port));
      return first;
    } catch {
      // Somebody has one of them: elsewhere, then.
    } finally {
      await Promise.all(
        sockets.map(async (socket) => {
          socket.close();
          await once(socket, 'close');
        }),
      );
    }
  }
  throw new Error('no free ports');
}

/** What the pool reports, to wait for. */
interface Reports {
  activity: [callId: number, lastArrivalNs: number];
  finished: [callId: number, summary: MediaSummary];
  lost: [callId: number, error: Error];
  workerDied: [error: Error];
  bindFailed: [port: number, code: string, uuid: string | null];
  strays: [ports: PortPair, count: number];
  duplicates: [callId: number, lastArrivalNs: number];
  resumed: [media: ResumedMedia, pair: Pair];
  dropped: [reason: DropReason, count: number];
}

function create(t: TestContext, first: number, count: number, workers = 1) {
  const events = new EventEmitter();
  const seen: (keyof Reports)[] = [];
  const report =
    <K extends keyof Reports>(kind: K) =>
    (...args: Reports[K]) => {
      seen.push(kind);
      events.emit(kind, ...args);
    };
  const setup = {
    clockOrigin,
    host: HOST,
    portRestMs: PORT_REST_MS,
    flushIntervalMs: 50,
    maxBufferBytes: 256e6,
    fallbackDir: null,
    l16Rate: 'auto' as const,
    sourceLock: 'address' as const,
    recording: {
      dir,
      formats: ['pcm' as const],
      wavCodec: 'pcm' as const,
      hex: false,
      sync: 'none' as const,
    },
  };
  const pool = new WorkerPool(
    { setup, ports: { first, last: first + count - 1 }, workers },
    {
      activity: report('activity'),
      finished: report('finished'),
      lost: report('lost'),
      workerDied: report('workerDied'),
      bindFailed: report('bindFailed'),
      strays: report('strays'),
      duplicates: report('duplicates'),
      resumed: report('resumed'),
      dropped: report('dropped'),
      disk: () => {},
    },
  );
  t.after(() => pool.stop());
  const next = <K extends keyof Reports>(kind: K) => once(events, kind) as Promise<Reports[K]>;
  return { pool, next, seen };
}

type Pair = NonNullable<Parameters<Parameters<WorkerPool['reservePair']>[0]>[0]>;

/** What reservePair answers before it returns; undefined where it has not answered by then. */
function reserveNow(pool: WorkerPool): Pair | null | undefined {
  let answer: Pair | null | undefined;
  pool.reservePair((pair) => {
    answer = pair;
  });
  return answer;
}

function reserve(pool: WorkerPool): Promise<Pair | null> {
  return new Promise((resolve) => pool.reservePair(resolve));
}

function portsOf(pair: PortPair | null | undefined): number[] {
  assert.ok(pair);
  return [pair.readPort, pair.writePort];
}

let calls = 0;
function callOf(pair: Pair | null): OpenCall {
  const callId = ++calls;
  return {
    callId,
    uuid: `call-${callId}`,
    address: HOST,
    announced: null,
    extension: { seq: false, rateHz: null },
    pairId: pair?.pairId ?? null,
    startNs: now(),
    name: `2026-03-01/call-${callId}`,
    formats: null,
    journal: {},
    tags: { title: 't', artist: 'a', date: 'd', comment: 'c' },
  };
}

function packetOf(call: OpenCall, leg: 'R' | 'W'): Buffer {
  return formatData(call.uuid, leg, 0, Buffer.alloc(160, 0x80));
}

async function isTaken(port: number): Promise<boolean> {
  try {
    const socket = await occupy(port);
    socket.close();
    await once(socket, 'close');
    return false;
  } catch {
    return true;
  }
}

/** Has the pair's worker die, by an order that no daemon gives: it throws over it. */
async function kill(pair: Pair, next: ReturnType<typeof create>['next']): Promise<void> {
  const lost = next('lost');
  pair.thread.post({ kind: 'open', call: null as unknown as OpenCall });
  await lost;
}

async function end(
  pool: WorkerPool,
  next: ReturnType<typeof create>['next'],
  call: OpenCall,
  pair: Pair,
  mayResume: boolean,
): Promise<void> {
  pool.open(call, pair);
  const finished = next('finished');
  pool.end(call.callId, null, 0, mayResume);
  await finished;
}

for (const receiver of RECEIVER_NAMES)
  describe(`a pool of workers with the ${receiver} receiver`, () => {
    test('a ready pool has bound its ports and answers with a pair at once, with null when all are given', async (t) => {
      const first = await freeRange(4);
      const { pool } = create(t, first, 4);
      pool.start(receiver);
      assert.equal(pool.size, 1);
      await pool.ready();
      for (let port = first; port < first + 4; port++) assert.equal(await isTaken(port), true);
      assert.deepEqual(portsOf(reserveNow(pool)), [first, first + 1]);
      assert.deepEqual(portsOf(reserveNow(pool)), [first + 2, first + 3]);
      assert.equal(reserveNow(pool), null);
    });

    test('a pair that is asked for before any is bound comes as soon as one is', async (t) => {
      const first = await freeRange(2);
      const { pool } = create(t, first, 2);
      pool.start(receiver);
      assert.equal(reserveNow(pool), undefined);
      await pool.ready();
      // The first asker got the only pair.
      assert.equal(reserveNow(pool), null);
    });

    test('more may ask at once than there are pairs in stock, as long as there are ports', async (t) => {
      const first = await freeRange(600);
      const { pool } = create(t, first, 600);
      pool.start(receiver);
      await pool.ready();
      const pairs = await Promise.all(Array.from({ length: 300 }, () => reserve(pool)));
      assert.equal(new Set(pairs.map((pair) => pair?.readPort)).size, 300);
      assert.ok(!pairs.includes(null));
      assert.equal(await reserve(pool), null);
    });

    test('who still waits for a pair when the pool stops is told that there is none', async (t) => {
      const first = await freeRange(2);
      const { pool } = create(t, first, 2);
      pool.start(receiver);
      const waiting = reserve(pool);
      await pool.stop();
      assert.equal(await waiting, null);
    });

    test('a port that somebody has is reported, and another pair is taken', async (t) => {
      const first = await freeRange(4);
      const taken = await occupy(first + 1);
      t.after(() => taken.close());
      const { pool, next } = create(t, first, 4);
      const failed = next('bindFailed');
      pool.start(receiver);
      assert.deepEqual(await failed, [first + 1, 'EADDRINUSE', null]);
      await pool.ready();
      assert.deepEqual(portsOf(reserveNow(pool)), [first + 2, first + 3]);
      // Its neighbour was let go of.
      assert.equal(await reserve(pool), null);
      assert.equal(await isTaken(first), false);
    });

    test('a second server over the same range works its way to the ports that are free', async (t) => {
      const first = await freeRange(PORTS_OF_TWO + 10);
      const [one, other] = [0, 1].map(() => create(t, first, PORTS_OF_TWO + 10).pool);
      for (const pool of [one, other]) {
        pool?.start();
        await pool?.ready();
      }
      const ports = portsOf(reserveNow(other as WorkerPool)) as number[];
      assert.ok(
        ports.every((port) => port >= first + 128),
        `${ports}`,
      );
    });

    test('calls get their packets, from their ports and from the control port, and report them', async (t) => {
      const first = await freeRange(2);
      const { pool, next } = create(t, first, 2);
      pool.start(receiver);
      await pool.ready();
      const pair = reserveNow(pool) as Pair;
      const withPorts = callOf(pair);
      const active = next('activity');
      pool.open(withPorts, pair);
      sender.send(packetOf(withPorts, 'R'), pair.readPort, HOST);
      sender.send(packetOf(withPorts, 'W'), pair.writePort, HOST);
      const [callId, lastArrivalNs] = await active;
      assert.equal(callId, withPorts.callId);
      assert.ok(lastArrivalNs >= withPorts.startNs && lastArrivalNs <= now());
      const finished = next('finished');
      pool.end(withPorts.callId, null, 0, false);
      const [finishedId, summary] = await finished;
      assert.equal(finishedId, withPorts.callId);
      assert.equal(summary.tracks.R.packets, 1);
      assert.equal(summary.tracks.W.packets, 1);
      assert.deepEqual(summary.warnings, []);
      assert.equal(summary.recording.files.length, 2);

      const without = callOf(null);
      pool.open(without, null);
      for (let i = 0; i < 3; i++) pool.deliver(without.callId, now(), 0, packetOf(without, 'W'));
      const finishedToo = next('finished');
      pool.end(without.callId, null, 0, false);
      const [, other] = await finishedToo;
      assert.equal(other.tracks.R.packets, 0);
      assert.equal(other.tracks.W.packets, 3);
      assert.equal(other.tracks.W.bytes, 480);
    });

    test('a call is written as its own formats and tags say, and its files are opened once', async (t) => {
      const first = await freeRange(2);
      const { pool, next } = create(t, first, 2);
      pool.start(receiver);
      const call: OpenCall = { ...callOf(null), formats: ['wav', 'raw'] };
      pool.open(call, null);
      pool.deliver(call.callId, now(), 0, packetOf(call, 'R'));
      pool.setTags(call.callId, {
        title: 't',
        artist: 'known in the end',
        date: 'd',
        comment: 'c',
      });
      const finished = next('finished');
      pool.end(call.callId, null, 0, false);
      const [, { recording }] = await finished;
      assert.deepEqual(recording.files.map(({ format }) => format).sort(), ['raw', 'wav', 'wav']);
      const { path } = recording.files.find(({ format }) => format === 'wav') ?? assert.fail();
      assert.ok((await readFile(join(dir, path), 'latin1')).includes('known in the end'));
    });

    test('the calls of all workers tell what they have had, and how loud it is once somebody asks', async (t) => {
      const first = await freeRange(PORTS_OF_TWO);
      const { pool } = create(t, first, PORTS_OF_TWO, 2);
      pool.start(receiver);
      await pool.ready();
      const calls = [callOf(null), callOf(null)];
      for (const call of calls) pool.open(call, null);
      const [one, other] = calls as [OpenCall, OpenCall];
      for (let i = 0; i < 7; i++) pool.deliver(one.callId, now(), 0, packetOf(one, 'R'));
      const before = await pool.stats();
      assert.deepEqual(
        before.map(({ callId }) => callId).sort((a, b) => a - b),
        [one.callId, other.callId],
      );
      const of = (stats: CallStats[], { callId }: OpenCall) =>
        stats.find((call) => call.callId === callId)?.legs ?? assert.fail();
      const { lastArrivalNs, ...leg } = of(before, one).R;
      assert.deepEqual(leg, { codec: 'PCMU', packets: 7, levelDb: null });
      assert.ok(lastArrivalNs > one.startNs && lastArrivalNs <= now());
      const none = { codec: null, packets: 0, lastArrivalNs: -1, levelDb: null };
      assert.deepEqual([of(before, one).W, of(before, other).R], [none, none]);
      // Asked twice at once, and once more behind what is loud.
      const twice = [pool.stats(), pool.stats()];
      // Differing from one to the next, so that none is a copy; 0x80 is full scale.
      for (let i = 0; i < 50; i++) {
        const packet = packetOf(one, 'R');
        packet[packet.length - 1] = i;
        pool.deliver(one.callId, now() + i * 20e6, 0, packet);
      }
      assert.deepEqual(await twice[0], await twice[1]);
      const { packets, levelDb } = of(await pool.stats(), one).R;
      assert.equal(packets, 57);
      assert.ok(levelDb !== null && levelDb > -3 && levelDb <= 0, `${levelDb} dBFS`);
    });

    test('a worker that dies, or that stops, keeps nobody waiting for what it knows', async (t) => {
      const first = await freeRange(2);
      const { pool, next } = create(t, first, 2);
      pool.start(receiver);
      await pool.ready();
      const pair = reserveNow(pool) as Pair;
      const call = callOf(pair);
      pool.open(call, pair);
      const died = kill(pair, next);
      assert.deepEqual(await pool.stats(), []);
      await died;
      await pool.stop();
      assert.deepEqual(await pool.stats(), []);
    });

    test('pairs come back after their rest, the one that has rested longest first, and count late packets', async (t) => {
      const first = await freeRange(4);
      const { pool, next } = create(t, first, 4);
      pool.start(receiver);
      await pool.ready();
      const early = reserveNow(pool) as Pair;
      const late = reserveNow(pool) as Pair;
      const order: number[][] = [];
      // In the other order than they were given.
      for (const pair of [late, early]) {
        const call = callOf(pair);
        pool.open(call, pair);
        const finished = next('finished');
        pool.end(call.callId, null, 0, false);
        await finished;
        const strays = next('strays');
        sender.send(packetOf(call, 'R'), pair.readPort, HOST);
        if (order.length === 0) assert.equal(reserveNow(pool), null, 'it rests');
        const [ports, count] = await strays;
        assert.deepEqual(portsOf(ports), portsOf(pair));
        assert.equal(count, 1);
        order.push(portsOf(pair));
      }
      assert.deepEqual(portsOf(await reserve(pool)), order[0]);
      assert.deepEqual(portsOf(await reserve(pool)), order[1]);
    });

    test('calls are spread over the workers', async (t) => {
      const first = await freeRange(PORTS_OF_TWO);
      const { pool } = create(t, first, PORTS_OF_TWO, 2);
      pool.start(receiver);
      assert.equal(pool.size, 2);
      await pool.ready();
      const threads = new Set<object>();
      for (let i = 0; i < 2; i++) {
        const pair = reserveNow(pool) as Pair;
        pool.open(callOf(pair), pair);
        threads.add(pair.thread);
      }
      assert.equal(threads.size, 2);
    });

    test('a worker that dies loses its calls and no others, and a fresh one serves the next', async (t) => {
      const first = await freeRange(PORTS_OF_TWO);
      const { pool, next, seen } = create(t, first, PORTS_OF_TWO, 2);
      pool.start(receiver);
      await pool.ready();
      const pair = reserveNow(pool) as Pair;
      const dying = callOf(pair);
      pool.open(dying, pair);
      const other = reserveNow(pool) as Pair;
      const surviving = callOf(other);
      pool.open(surviving, other);
      assert.notEqual(pair.thread, other.thread);
      const lost = next('lost');
      // An order that no daemon gives: the worker throws over it and ends.
      pair.thread.post({ kind: 'open', call: null as unknown as OpenCall });
      const [callId, error] = await lost;
      assert.equal(callId, dying.callId);
      assert.ok(error instanceof Error);
      assert.equal(pool.size, 2);
      await pool.ready();
      const fresh = await reserve(pool);
      assert.ok(fresh);
      assert.notEqual(fresh.thread, pair.thread);
      for (const [call, of] of [
        [callOf(fresh), fresh],
        [surviving, null],
      ] as const) {
        if (of) pool.open(call, of);
        const finished = next('finished');
        pool.end(call.callId, null, 0, false);
        assert.equal((await finished)[0], call.callId);
      }
      // Whatever still comes for the lost call goes nowhere and hurts nobody.
      pool.deliver(dying.callId, now(), 0, packetOf(dying, 'R'));
      pool.end(dying.callId, null, 0, false);
      assert.deepEqual(
        seen.filter((kind) => kind === 'lost'),
        ['lost'],
      );
    });

    test('the ports of a worker that dies go on bringing its call, once its successor has them', async (t) => {
      const { pool, next } = create(t, await freeRange(2), 2, 1);
      pool.start(receiver);
      await pool.ready();
      const pair = reserveNow(pool) as Pair;
      const dying = callOf(pair);
      pool.open(dying, pair);
      const resumed = next('resumed');
      await kill(pair, next);
      const sending = setInterval(() => sender.send(packetOf(dying, 'R'), pair.readPort, HOST), 20);
      t.after(() => clearInterval(sending));
      const [media, again] = await resumed;
      assert.deepEqual([media.callId, media.uuid], [dying.callId, dying.uuid]);
      assert.deepEqual(portsOf(again), portsOf(pair));
      assert.notEqual(again.thread, pair.thread);
      const going = { ...callOf(again), uuid: dying.uuid, startNs: media.startNs };
      const active = next('activity');
      pool.open(going, again);
      assert.equal((await active)[0], going.callId);
      const finished = next('finished');
      pool.end(going.callId, null, 0, false);
      assert.ok((await finished)[1].tracks.R.packets >= 3);
    });

    test('the ports of a worker that dies serve others, where its call does not go on', async (t) => {
      const { pool, next } = create(t, await freeRange(2), 2, 1);
      pool.start(receiver);
      await pool.ready();
      const pair = reserveNow(pool) as Pair;
      const dying = callOf(pair);
      pool.open(dying, pair);
      await kill(pair, next);
      const strays = next('strays');
      pool.unwatch(dying.callId);
      const sending = setInterval(() => sender.send(packetOf(dying, 'R'), pair.readPort, HOST), 20);
      t.after(() => clearInterval(sending));
      assert.deepEqual(portsOf((await strays)[0]), portsOf(pair));
      assert.deepEqual(portsOf(await reserve(pool)), portsOf(pair));
    });

    test('a port of a lost call that somebody else has by now is reported with its UUID', async (t) => {
      const { pool, next } = create(t, await freeRange(2), 2, 1);
      pool.start(receiver);
      await pool.ready();
      const pair = reserveNow(pool) as Pair;
      const dying = callOf(pair);
      pool.open(dying, pair);
      const failed = next('bindFailed');
      await kill(pair, next);
      const taken = await occupy(pair.writePort);
      t.after(() => taken.close());
      assert.deepEqual(await failed, [pair.writePort, 'EADDRINUSE', dying.uuid]);
    });

    test('the ports of a call that may go on are kept for it beyond their rest', async (t) => {
      const { pool, next } = create(t, await freeRange(6), 6, 1);
      pool.start(receiver);
      await pool.ready();
      const [kept, other] = [reserveNow(pool) as Pair, reserveNow(pool) as Pair];
      const paused = callOf(kept);
      await end(pool, next, paused, kept, true);
      // What rests from now on has rested before it is released.
      const ended = callOf(other);
      await end(pool, next, ended, other, false);
      const strays = next('strays');
      sender.send(packetOf(ended, 'R'), other.readPort, HOST);
      assert.deepEqual(portsOf((await strays)[0]), portsOf(other));
      const resumed = next('resumed');
      for (let i = 0; i < 3; i++) sender.send(packetOf(paused, 'R'), kept.readPort, HOST);
      const [media, pair] = await resumed;
      assert.equal(media.callId, paused.callId);
      assert.deepEqual(portsOf(pair), portsOf(kept));
    });

    test('the ports of a call that may go on come back when it may not any more', async (t) => {
      const { pool, next } = create(t, await freeRange(6), 6, 1);
      pool.start(receiver);
      await pool.ready();
      const pair = reserveNow(pool) as Pair;
      const paused = callOf(pair);
      await end(pool, next, paused, pair, true);
      const strays = next('strays');
      sender.send(packetOf(paused, 'R'), pair.readPort, HOST);
      pool.unwatch(paused.callId);
      assert.deepEqual(await strays.then(([ports]) => portsOf(ports)), portsOf(pair));
    });

    test('where no pair is left for further calls, the one that is kept for longest is taken', async (t) => {
      const { pool, next } = create(t, await freeRange(4), 4, 1);
      pool.start(receiver);
      await pool.ready();
      const [first, second] = [reserveNow(pool) as Pair, reserveNow(pool) as Pair];
      const order = [callOf(first), callOf(second)] as const;
      await end(pool, next, order[0], first, true);
      await end(pool, next, order[1], second, true);
      assert.equal(reserveNow(pool), null);
      const strays = next('strays');
      sender.send(packetOf(order[1], 'R'), first.readPort, HOST);
      assert.deepEqual(await strays.then(([ports]) => portsOf(ports)), portsOf(first));
      assert.deepEqual(portsOf(await reserve(pool)), portsOf(first));
      const resumed = next('resumed');
      for (let i = 0; i < 3; i++) sender.send(packetOf(order[1], 'R'), second.readPort, HOST);
      assert.equal((await resumed)[0].callId, order[1].callId, 'the other one is still kept');
    });

    test('a range of few ports is shared by all workers', async (t) => {
      const { pool } = create(t, await freeRange(8), 8, 2);
      pool.start(receiver);
      await pool.ready();
      const threads = Array.from({ length: 4 }, () => (reserveNow(pool) as Pair).thread);
      assert.equal(threads.filter((thread) => thread === threads[0]).length, 2);
    });

    test('stopping ends every thread and frees every port, though calls were open', async (t) => {
      const workers = () =>
        process.getActiveResourcesInfo().filter((name) => name === 'MessagePort');
      const before = workers().length;
      const first = await freeRange(4);
      const { pool } = create(t, first, 4, 2);
      pool.start(receiver);
      await pool.ready();
      const pair = reserveNow(pool) as Pair;
      pool.open(callOf(pair), pair);
      assert.ok(workers().length > before);
      const stopped = pool.stop();
      assert.equal(pool.stop(), stopped);
      await stopped;
      for (let port = first; port < first + 4; port++) assert.equal(await isTaken(port), false);
      assert.equal(workers().length, before);
    });
  });
