import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Drained, DrainLoop, TICK_MS } from '../../src/capture/drain-loop.ts';

type Fake = { -readonly [K in keyof Drained]: Drained[K] } & { left: number };

/** Sockets of which each batch takes `batchMs` of a clock of its own. */
function create(t: TestContext, batches: number[], batchMs = 0) {
  t.mock.timers.enable({ apis: ['setInterval'] });
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
  const tick = (ms = TICK_MS) => t.mock.timers.tick(ms);
  return { loop, sockets, events, setClock, tick };
}

/** One turn of the event loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const countOf = (events: string[], event: string) => events.filter((one) => one === event).length;

test('a pass reads every socket until it is empty', (t) => {
  const { events, tick } = create(t, [1, 3, 1]);
  tick();
  assert.equal(events.join(''), '|01112');
});

test('a socket that is never empty does not keep the others waiting', (t) => {
  const { events, tick } = create(t, [Number.POSITIVE_INFINITY, 1]);
  tick();
  assert.equal(countOf(events, '0'), 32);
  assert.equal(events.at(-1), '1');
});

test('a long pass gives way to what else there is to do, and no other begins meanwhile', async (t) => {
  const { events, tick } = create(t, [5, 1], 1);
  tick();
  tick();
  assert.equal(events.join(''), '|000');
  await turn();
  assert.equal(events.join(''), '|000|001');
  await turn();
  assert.equal(events.join(''), '|000|001');
});

test('a quiet socket is left out of most passes', (t) => {
  const { sockets, events, tick } = create(t, [1, 1]);
  (sockets[0] as Fake).quietPasses = 1000;
  tick(10 * TICK_MS);
  assert.equal(countOf(events, '0'), 2);
  assert.equal(countOf(events, '1'), 10);
});

test('what somebody listens to is read between the passes over all, until then', (t) => {
  const { loop, sockets, events, setClock, tick } = create(t, [1, 1]);
  const [listened] = sockets as [Fake, Fake];
  loop.listen(listened, 1e9);
  loop.listen(listened, 2e9);
  tick(3 * TICK_MS);
  assert.equal(countOf(events, '0'), 3 + 15);
  assert.equal(countOf(events, '1'), 3);
  setClock(3e9);
  events.length = 0;
  tick(3 * TICK_MS);
  assert.equal(countOf(events, '0'), 3);
  loop.listen(listened, 4e9);
  assert.equal(listened.listenedUntilNs, 4e9);
  events.length = 0;
  tick();
  assert.equal(countOf(events, '0'), 1 + 5);
  assert.equal(countOf(events, '1'), 1);
});

test('one socket is read at once, and no other for it', (t) => {
  const { loop, sockets, events } = create(t, [1, 3]);
  loop.readNow(sockets[1] as Fake);
  assert.equal(events.join(''), '|111');
});

test('what is closed is not read, nor anything once the loop is', async (t) => {
  const { loop, sockets, events, tick } = create(t, [1, 5, 1], 1);
  (sockets[0] as Fake).isClosed = true;
  loop.closed();
  tick();
  assert.equal(events.join(''), '|111');
  loop.close();
  await turn();
  tick();
  assert.equal(events.join(''), '|111');
});
