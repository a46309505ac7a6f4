import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DaemonProcess } from '../support/daemon-process.ts';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import type { FakeChannel } from '../support/freeswitch/fake-channel.ts';
import { pingTaps } from './ping-taps.ts';

const EVENTS_PER_S = 5000;
const HEADERS = 250;
const SECONDS = 4;
const CALLS = 40;
/** Clock ticks of /proc, ms. */
const TICK_MS = 10;

test(`${EVENTS_PER_S} events/s of ${HEADERS} headers: calls answered meanwhile are tapped, the link stays, INVs are answered`, async (t) => {
  const silence = { kind: 'silence' } as const;
  await using fs = await FakeFreeswitch.start({
    taps: { form: 'old', speed: 0.1, read: silence, write: silence },
  });
  await using daemon = await DaemonProcess.start({
    mediaPorts: '15400-15599',
    env: {
      RST_FREESWITCH_HOST: fs.host,
      RST_FREESWITCH_PORT: String(fs.port),
      RST_FREESWITCH_NAME: 'fs1',
    },
  });
  await fs.until(() => fs.subscribers() === 1, 'a subscriber');
  const noise = Array.from({ length: 50 }, () =>
    fs.channel({ headerCount: HEADERS, variables: { rst_record: 'false' } }).answer(),
  );
  const cpuBeforeMs = await cpuMs(daemon);
  const startMs = performance.now();
  const ackMs = pingTaps(daemon.port, SECONDS * 1000);
  const calls: FakeChannel[] = [];
  let sent = 0;
  for (;;) {
    const elapsedMs = Math.min(performance.now() - startMs, SECONDS * 1000);
    for (const due = Math.floor((elapsedMs * EVENTS_PER_S) / 1000); sent < due; sent++) {
      const call = noise[sent % noise.length] as FakeChannel;
      if (call.state === 'held') call.unhold();
      else call.hold();
    }
    for (const due = Math.floor((elapsedMs * CALLS) / (SECONDS * 1000)); calls.length < due; )
      calls.push(fs.channel({ headerCount: HEADERS }).answer());
    if (elapsedMs === SECONDS * 1000) break;
    await delay(2);
  }
  const sentMs = performance.now() - startMs;
  // Behind all of these events, so once it is tapped they have been read.
  const last = fs.channel().answer();
  calls.push(last);
  for (const { uuid } of calls)
    await daemon.logged((line) => line.msg === 'call started' && line.uuid === uuid);
  const tookMs = performance.now() - startMs;
  const latencies = (await ackMs).sort((a, b) => a - b);
  const cpu = (await cpuMs(daemon)) - cpuBeforeMs;
  t.diagnostic(`${sent} events in ${sentMs.toFixed(0)} ms, all read after ${tookMs.toFixed(0)} ms`);
  t.diagnostic(`the daemon took ${((cpu / tookMs) * 100).toFixed(0)} % of one core`);
  const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))]?.toFixed(1);
  t.diagnostic(`ACK after ${at(0.5)} ms (median), ${at(1)} ms (worst of ${latencies.length})`);

  assert.equal(sent, EVENTS_PER_S * SECONDS);
  assert.deepEqual(fs.taps.map(({ uuid }) => uuid).sort(), calls.map(({ uuid }) => uuid).sort());
  assert.equal(fs.connections, 1);
  const connections = daemon.log.filter(({ msg }) => msg === 'connected to FreeSWITCH');
  assert.equal(connections.length, 1);
  assert.ok(latencies.length > 0);
});

/** Of all threads, since it started. */
async function cpuMs({ process: { pid } }: DaemonProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [, , , , , , , , , , , utime = 0, stime = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ');
  return (Number(utime) + Number(stime)) * TICK_MS;
}
