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
      listenedUntilNs: 0,
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
  const setClock = (ns: number) => {
    nowNs = ns;
  };
  return { loop, sockets, events, setClock };
}

const countOf = (events: string[], event: string) => events.filter((one) => one === event).length;

/** Resolves once a socket has been read so often. */
async function untilRead(events: string[], socket: string, times: number): Promise<void> {
  while (countOf(events, socket) < times) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a pass reads every socket until it is empty', async (t) => {
  const { loop, events } = create(t, [1, 3, 1]);
  await loop.drain();
  assert.equal(events.join(''), '|01112');
});

test('a socket that is never empty does not keep the others waiting', async (t) => {
  const { loop, events } = create(t, [Number.POSITIVE_INFINITY, 1]);
  await loop.drain();
  assert.equal(countOf(events, '0'), 32);
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
  await untilRead(events, '1', 10);
  const reads = countOf(events, '0');
  assert.ok(reads >= 1 && reads <= 3, `${reads} reads`);
  events.length = 0;
  await loop.drain();
  assert.equal(events.join(''), '|01');
});

test('what somebody listens to is read between the passes over all, until then', async (t) => {
  const { loop, sockets, events, setClock } = create(t, [1, 1]);
  const [listened] = sockets as [Fake, Fake];
  loop.listen(listened, 1e9);
  loop.listen(listened, 2e9);
  await untilRead(events, '1', 3);
  // Four short ticks fit between two long ones; a busy machine may leave out some.
  const reads = countOf(events, '0');
  assert.ok(reads > 5 && reads <= 18, `${reads} reads`);
  setClock(3e9);
  await untilRead(events, '1', 4);
  events.length = 0;
  await untilRead(events, '1', 3);
  assert.equal(countOf(events, '0'), 3);
  loop.listen(listened, 4e9);
  assert.equal(listened.listenedUntilNs, 4e9);
  await untilRead(events, '0', 8);
  assert.ok(countOf(events, '1') < 8);
});

test('one socket is read at once, and no other for it', async (t) => {
  const { loop, sockets, events } = create(t, [1, 3]);
  loop.readNow(sockets[1] as Fake);
  assert.equal(events.join(''), '|111');
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
