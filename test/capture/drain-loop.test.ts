import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Drained, DrainLoop } from '../../src/capture/drain-loop.ts';

type Fake = { -readonly [K in keyof Drained]: Drained[K] } & { left: number };

/** Sockets of which each batch takes `batchMs` of a clock of its own. */
function create(t: TestContext, batches: number[], batchMs = 0) {
  let nowNs = 0;
  const events: string[] = [];
  const loop = new DrainLoop(
    () => nowNs,
    () => void events.push('|'),
  );
  t.after(() => loop.close());
  const sockets = batches.map((left, i) => {
    const socket: Fake = {
      left,
      isClosed: false,
      quietPasses: 0,
      readBatch() {
        nowNs += batchMs * 1e6;
        events.push(String(i));
        socket.left--;
        return socket.left <= 0;
      },
    };
    loop.add(socket);
    return socket;
  });
  return { loop, sockets, events };
}

test('a pass reads every socket until it is empty', async (t) => {
  const { loop, events } = create(t, [1, 3, 1]);
  await loop.drain();
  assert.equal(events.join(''), '|01112');
});

test('a socket that is never empty does not keep the others waiting', async (t) => {
  const { loop, events } = create(t, [Number.POSITIVE_INFINITY, 1]);
  await loop.drain();
  assert.equal(events.filter((event) => event === '0').length, 32);
  assert.equal(events.at(-1), '1');
});

test('a long pass gives way to what else there is to do', async (t) => {
  const { loop, events } = create(t, [5, 1], 1);
  const drained = loop.drain();
  const turn = () => {
    events.push('.');
    if (!events.includes('1')) setImmediate(turn);
  };
  setImmediate(turn);
  await drained;
  assert.equal(events.join('').replace(/\.$/, ''), '|000.|001');
});

test('those who wait in one turn share a pass, and who comes later gets one of his own', async (t) => {
  const { loop, events } = create(t, [3], 5);
  const first = Promise.all([loop.drain(), loop.drain()]);
  let second: Promise<void> = Promise.resolve();
  setImmediate(() => {
    second = loop.drain();
  });
  await first;
  await second;
  assert.equal(events.join(''), '|0|0|0|0');
});

test('a quiet socket is left out of most passes, and of none that somebody waits for', async (t) => {
  const { loop, sockets, events } = create(t, [1, 1]);
  const [quiet] = sockets;
  if (quiet) quiet.quietPasses = 1000;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (events.filter((event) => event === '1').length < 10) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
  const reads = events.filter((event) => event === '0').length;
  assert.ok(reads >= 1 && reads <= 3, `${reads} reads`);
  events.length = 0;
  await loop.drain();
  assert.equal(events.join(''), '|01');
});

test('what is closed is not read, and who waits when all is closed is told', async (t) => {
  const { loop, sockets, events } = create(t, [1, 1]);
  const [first] = sockets;
  if (first) first.isClosed = true;
  loop.closed();
  await loop.drain();
  assert.equal(events.join(''), '|1');
  const waiting = loop.drain();
  loop.close();
  await waiting;
  await loop.drain();
});
