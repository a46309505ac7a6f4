import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseWav } from '../../src/audio/index.ts';
import { readCaptureFile } from '../support/capture-file.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { assertAudioIsExact, assertInPlace } from '../support/exact-audio.ts';
import { RECEIVERS } from '../support/receivers.ts';
import { replay } from '../support/replay.ts';

const skip = !RECEIVERS.batched && 'no batched receiver on this machine';

test('a daemon that stands still for 2 s in a call loses nothing of it and moves no sample', {
  skip,
}, async () => {
  await using daemon = await DaemonProcess.start({
    mediaPorts: '13200-13299',
    env: { RST_MEDIA_RECEIVER: 'batched' },
  });
  const capture = readCaptureFile('perleg-pcmu');
  const replaying = replay(capture, daemon.port);
  await daemon.logged(({ uuid }) => uuid === capture.uuid);
  await sleep(1000);
  daemon.process.kill('SIGSTOP');
  await sleep(2000);
  daemon.process.kill('SIGCONT');
  const { worstLateMs } = await replaying;
  await daemon.ended(capture.uuid);
  const { tracks, warnings, endReason } = await daemon.manifest(capture.uuid);
  assert.deepEqual([warnings, endReason], [[], 'bye']);
  for (const leg of ['R', 'W'] as const) {
    const track = tracks[leg];
    const packets = capture.packets.filter((packet) => packet.leg === leg);
    assert.deepEqual(
      [track.packets, track.lostPackets, track.driftCorrections, track.dropped],
      [packets.length, 0, [], {}],
    );
    const { samples } = parseWav(await daemon.read(track.files[0]?.path as string));
    assertAudioIsExact(samples, packets, track);
    assertInPlace(packets, track, worstLateMs);
  }
});
