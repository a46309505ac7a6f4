import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LegName } from '../../src/protocol/index.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { RECEIVERS } from '../support/receivers.ts';
import { Tap } from '../support/tap.ts';

const skip = !RECEIVERS.batched && 'no batched receiver on this machine';
const LEGS = ['R', 'W'] as const;
const PACKET_MS = 20;
const SAMPLES = 160;

/** A packet that no other one is like, so that none is taken for a copy. */
function payloadOf(leg: LegName, index: number): Uint8Array {
  const payload = new Uint8Array(SAMPLES).fill(leg === 'R' ? 0x2a : 0x3a);
  new DataView(payload.buffer).setUint32(0, index);
  return payload;
}

function startDaemon(mediaPorts: string, env: Record<string, string> = {}): Promise<DaemonProcess> {
  return DaemonProcess.start({ mediaPorts, env: { RST_MEDIA_RECEIVER: 'batched', ...env } });
}

/** What the kernel holds for the socket of a port. */
async function waitingBytes(port: number): Promise<number> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const table = await readFile('/proc/net/udp', 'utf8');
  const waiting = new RegExp(`:${hex} \\S+ \\S+ [0-9A-F]+:([0-9A-F]+) `).exec(table)?.[1];
  return Number.parseInt(waiting as string, 16);
}

/** What the daemon has counted in all, once it has stopped. */
async function droppedAtTheEnd(daemon: DaemonProcess): Promise<Record<string, number>> {
  await daemon.stop();
  const line = daemon.log.find(({ msg }) => msg === 'datagrams dropped since the start');
  return line?.dropped as Record<string, number>;
}

describe('a daemon that does not run while more comes than the kernel keeps for it', {
  skip,
}, () => {
  test('counts what the port of a leg has lost, and says so in the manifest', async () => {
    await using daemon = await startDaemon('17200-17299', { RST_LOG_LEVEL: 'debug' });
    await using tap = await Tap.open(daemon.port);
    const uuid = randomUUID();
    const { readPort, writePort } = await tap.invite(uuid);
    const sent = 4000;
    await tap.data(uuid, 'W', payloadOf('W', 0), writePort);
    await daemon.logged((line) => line.uuid === uuid && line.msg === 'media arrives');
    daemon.process.kill('SIGSTOP');
    for (let i = 0; i < sent; i++) await tap.data(uuid, 'R', payloadOf('R', i), readPort);
    daemon.process.kill('SIGCONT');
    while ((await waitingBytes(readPort)) > 0) await sleep(20);
    // With the next one that it has room for the kernel tells of those that it had none for.
    await tap.data(uuid, 'R', payloadOf('R', sent), readPort);
    await tap.bye(uuid);
    await daemon.ended(uuid);
    const { tracks, warnings } = await daemon.manifest(uuid);
    const lost = tracks.R.dropped.kernel ?? 0;
    assert.ok(lost > 0 && lost < sent, `${lost} lost`);
    assert.deepEqual(tracks.W.dropped, {});
    assert.equal(Number(tracks.R.packets) + lost, sent + 1);
    const warning = `R: ${lost} packets were lost because this machine was too busy to read them`;
    assert.ok(warnings.includes(warning), warnings.join('\n'));
    assert.equal((await droppedAtTheEnd(daemon)).kernel, lost);
  });

  test('counts what the control port has lost, with silence of that length in its place', async () => {
    await using daemon = await startDaemon('17300-17399', { RST_SERVER_RECEIVE_BUFFER: '256KiB' });
    await using tap = await Tap.open(daemon.port);
    const uuid = randomUUID();
    await tap.invite(uuid, false);
    const stopAt = 50;
    const goOnAt = 110;
    const sent = 160;
    let worstLateMs = 0;
    const startMs = performance.now();
    for (let i = 0; i < sent; i++) {
      const waitMs = startMs + i * PACKET_MS - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      worstLateMs = Math.max(worstLateMs, -waitMs);
      if (i === stopAt) daemon.process.kill('SIGSTOP');
      if (i === goOnAt) {
        daemon.process.kill('SIGCONT');
        // An ACK says that it runs again, and has room.
        await tap.invite(uuid, false);
      }
      for (const leg of LEGS) await tap.data(uuid, leg, payloadOf(leg, i));
    }
    const line = await daemon.logged(({ msg }) => msg.includes('too busy'));
    assert.match(line.msg, /lost because this machine was too busy .* raise server.receive_buffer/);
    assert.equal(line.level, 'warn');
    await tap.bye(uuid);
    await daemon.ended(uuid);
    const { tracks, warnings } = await daemon.manifest(uuid);
    const lost = 2 * sent - Number(tracks.R.packets) - Number(tracks.W.packets);
    assert.ok(lost > 0, 'something was lost');
    assert.ok(
      warnings.includes(
        `${lost} packets of this call, or of others that came beside it, were lost because this machine was too busy to read them`,
      ),
      warnings.join('\n'),
    );
    for (const leg of LEGS) {
      const { samples } = tracks[leg];
      const packets = Number(tracks[leg].packets);
      const lostOfLeg = sent - packets;
      const silent = samples / SAMPLES - packets;
      const slack = 2 + worstLateMs / PACKET_MS;
      assert.ok(Math.abs(silent - lostOfLeg) <= slack, `${leg}: ${silent} for ${lostOfLeg}`);
    }
    assert.equal((await droppedAtTheEnd(daemon)).kernel, lost);
  });
});
