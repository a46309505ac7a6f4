import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveCalls } from '../fuzz/live-calls.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { Tap } from '../support/tap.ts';

const SEED = 7;
const EACH = 400;

/** Sends INVs of made-up calls and what is no message; an INV that is said again and answered shows that so much was read. */
async function flood(port: number, address: string): Promise<void> {
  await using tap = await Tap.open(port, address);
  await tap.invite(`${address}-0`);
  for (let i = 1; i <= EACH; i++) {
    await tap.send(`INV :${address}-${i}:a:b:4000:4002`);
    await tap.send(`hello ${i}`);
    if (i % 50 === 0) await tap.invite(`${address}-0`);
  }
}

test('addresses that flood the port with calls and garbage are named, and live calls of one of them lose nothing', async () => {
  await using daemon = await DaemonProcess.start({
    mediaPorts: '16900-17899',
    env: { RST_SERVER_MAX_INV_RATE: '10', RST_SERVER_MAX_GARBAGE_RATE: '10' },
  });
  const live = new LiveCalls(daemon, SEED);
  try {
    await live.started();
    await Promise.all([flood(daemon.port, '127.0.0.1'), flood(daemon.port, '127.0.0.2')]);
    const [calls, garbage] = await Promise.all([
      daemon.logged(({ msg }) => msg.includes('begins more calls than the 10 a second')),
      daemon.logged(({ msg }) => msg.includes('is no message than the 10 datagrams a second')),
    ]);
    for (const line of [calls, garbage]) {
      assert.equal(line.level, 'warn');
      assert.match(String(line.address), /^127\.0\.0\.[12]$/);
    }
    assert.deepEqual(await live.stop(), []);
  } finally {
    await live.close();
  }
  assert.equal(await daemon.stop(), 0);
  const last = daemon.log.findLast(({ msg }) => msg === 'datagrams dropped since the start');
  const drops = last?.dropped as Record<string, number>;
  const begun = daemon.log.filter(({ msg }) => msg === 'call started').length - live.uuids.length;
  assert.equal((drops['rate-limited'] ?? 0) + (drops.malformed ?? 0) + begun, 4 * EACH + 2);
  // What each of them may begin at once, less the live calls.
  assert.ok(begun >= 30, `${begun}`);
});
