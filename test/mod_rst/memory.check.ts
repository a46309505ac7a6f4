import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostProcess, type Watcher } from './host-process.ts';
import { TapPlay } from './tap-play.ts';

/** RST_TAPS=100000 is the long run; by default what takes some seconds. */
const TAPS = Number(process.env.RST_TAPS ?? 0);
const STORMS: { watcher: Watcher; taps: number; threads: number; what: string }[] = [
  {
    watcher: 'asan',
    taps: TAPS || 20000,
    threads: 8,
    what: 'leave no memory, and touch none that is not theirs',
  },
  { watcher: 'tsan', taps: Math.min(TAPS, 20000) || 4000, threads: 8, what: 'have no race' },
  {
    watcher: 'valgrind',
    taps: Math.min(TAPS, 2000) || 400,
    threads: 4,
    what: 'use nothing that was not set',
  },
];

for (const { watcher, taps, threads, what } of STORMS) {
  test(`${taps} short taps in ${threads} threads ${what} (${watcher})`, async () => {
    const play = await TapPlay.start(watcher, { 'ack-timeout-ms': 1000 });
    const server = await play.serve();
    const { host } = play;
    server.keepsNothing = true;
    await host.run('quiet');
    const before = await host.run('stats');
    const { tapped, stopped, refused } = await host.run(
      `storm ${taps} ${threads} 127.0.0.1 ${server.port}`,
    );
    assert.deepEqual([tapped, refused], [taps, 0]);
    assert.ok(Number(stopped) > 0);
    await host.until(async () => (await host.taps()).length === 0);
    const after = await host.run('stats');
    assert.deepEqual({ ...after }, { ...before });
    await play.stop();
  });

  test(`the same with a server that loses most of what it gets (${watcher})`, async () => {
    const play = await TapPlay.start(watcher, { 'ack-timeout-ms': 200, 'keepalive-ms': 50 });
    let count = 0;
    const server = await play.serve({ loses: () => ++count % 3 !== 0 });
    server.keepsNothing = true;
    await play.host.run('quiet');
    const { tapped } = await play.host.run(
      `storm ${Math.ceil(taps / 10)} ${threads} 127.0.0.1 ${server.port}`,
    );
    assert.equal(tapped, Math.ceil(taps / 10));
    await play.stop();
  });

  test(`an unload in the midst of a storm leaves nothing either (${watcher})`, async () => {
    const play = await TapPlay.start(watcher, { 'ack-timeout-ms': 200 });
    const server = await play.serve();
    server.keepsNothing = true;
    await play.host.run('quiet');
    const storm = play.host.run(`storm-aside ${taps} ${threads} 127.0.0.1 ${server.port}`);
    await play.host.until(async () => (await play.host.taps()).length > 0);
    for (let i = 0; i < 3; i++) {
      assert.equal((await play.host.run('unload')).reply, 'unloaded');
      await play.host.run('load');
    }
    const { tapped, refused } = await storm;
    assert.ok(Number(tapped) > 0 && Number(tapped) <= taps && Number(refused) >= 0);
    await play.stop();
  });
}

test('the watchers do see what they are for', async () => {
  for (const watcher of ['asan', 'tsan', 'valgrind'] as const) {
    await using host = await HostProcess.start(watcher, {});
    await assert.rejects(host.run(`blunder ${watcher}`), /the host ended with 99/);
  }
});
