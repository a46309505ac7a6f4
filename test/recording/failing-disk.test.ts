import assert from 'node:assert/strict';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { onDisk, skip } from './on-disk.ts';

let dir = '';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'failing-disk-'));
});

after(() => rmdir(dir));

const FINE = { warnings: [], unwritten: [], differs: -1, out: 0 };

describe('a recording', { skip }, () => {
  test('on a disk that fills up and is enlarged goes on, and lacks only what there was no memory for', async () => {
    const said = await onDisk(
      dir,
      'size=256k',
      `
      const recording = record(['wav', 'pcm'], { patienceMs: 60_000 });
      const R = recording.startTrack('R', 'L16', 8000);
      R.audio(packetOf(tone(0, 8000)));
      recording.flush();
      await until((sizeOf) => sizeOf('u-R.wav.part') > 16_000 && sizeOf('u-R.pcm.part') === 16_000);
      fillDisk();
      let most = 0;
      for (let at = 8000; at < 800_000; at += 160) {
        R.audio(packetOf(tone(at, 160)));
        if (at % 8000 === 0) recording.flush();
        if (at === 160_000) await until(() => reports.length > 0);
        most = Math.max(most, pool.out);
      }
      run('mount', '-o', 'remount,size=32m', dir);
      await until(() => pool.waitingBytes === 0);
      await until(() => reports.length === 2);
      R.audio(packetOf(tone(800_000, 80_000)));
      const { files, warnings } = await recording.finish(TAGS);
      const { unwritten } = R;
      const pcm = new Int16Array(new Uint8Array(readFileSync(join(folder, 'u-R.pcm'))).buffer);
      const [span] = unwritten;
      say({
        spans: unwritten.length,
        isNear: span[0] > 8000 && span[0] < 250_000 && span[0] + span[1] === 800_000,
        isSaid: warnings.length === 1 &&
          warnings[0] === 'R: ' + span[1] / 8000 + ' s of audio are silence, because records.max_buffer was used up while the disk failed (ENOSPC); \`unwritten\` says where',
        wav: compare(samplesIn('u-R.wav'), 880_000, unwritten),
        pcm: compare(pcm, 880_000, unwritten),
        isBounded: most <= 42, out: pool.out, reports, files: files.length,
      });
      `,
    );
    assert.deepEqual(said, {
      spans: 1,
      isNear: true,
      isSaid: true,
      wav: { length: 880_000, differs: -1 },
      pcm: { length: 880_000, differs: -1 },
      isBounded: true,
      out: 0,
      reports: ['failing', 'well'],
      files: 2,
      names: ['u-R.pcm', 'u-R.wav', 'u.journal'],
    });
  });

  test('on a full disk has the silence of its codec where audio is missing, and raw payloads just end and go on', async () => {
    const said = await onDisk(
      dir,
      'size=256k',
      `
      const recording = record(['wav', 'raw'], { wavCodec: 'native', patienceMs: 60_000 });
      const R = recording.startTrack('R', 'PCMA', 8000);
      const payloads = recording.payloads('R');
      const packet = { codec: 'PCMA', payload: new Uint8Array(160).fill(0x11), samples: 160 };
      const put = () => {
        R.audio(packet);
        payloads.raw('PCMA', packet.payload, 0, 160);
      };
      put();
      recording.flush();
      await until((sizeOf) => sizeOf('u-R.alaw.part') === 160 && sizeOf('u-R.wav.part') > 160);
      fillDisk();
      for (let i = 1; i < 5000; i++) put();
      recording.flush();
      await until(() => reports.length > 0);
      rmSync(join(dir, 'filler'));
      run('mount', '-o', 'remount,size=32m', dir);
      await until(() => pool.waitingBytes === 0);
      put();
      const { warnings } = await recording.finish(TAGS);
      const wav = readFileSync(join(folder, 'u-R.wav'));
      const at = wav.indexOf('data') + 8;
      const [[from, count]] = R.unwritten;
      const codes = wav.subarray(at, at + 5001 * 160);
      const isSilent = codes.subarray(from, from + count).every((code) => code === 0xd5);
      const others = [...codes.subarray(0, from), ...codes.subarray(from + count)];
      const lost = Number(/^R: (\\d+) bytes of payload are missing in the raw file/.exec(warnings.join())?.[1]
        ?? /R: (\\d+) bytes of payload/.exec(warnings.join())?.[1]);
      const raw = readFileSync(join(folder, 'u-R.alaw'));
      say({
        isSilent, isExact: others.every((code) => code === 0x11), bytes: codes.length,
        isWhole: raw.length % 160 === 0 && raw.every((code) => code === 0x11),
        sum: raw.length + lost, warnings: warnings.length,
      });
      `,
    );
    assert.deepEqual(said, {
      isSilent: true,
      isExact: true,
      bytes: 5001 * 160,
      isWhole: true,
      sum: 5001 * 160,
      warnings: 2,
      names: ['u-R.alaw', 'u-R.wav', 'u.journal'],
    });
  });

  test('that begins on a disk that is read-only is whole once it is not', async () => {
    const said = await onDisk(
      dir,
      'size=8m',
      `
      run('mount', '-o', 'remount,ro', dir);
      const recording = record(['wav'], { patienceMs: 60_000 });
      const R = recording.startTrack('R', 'L16', 8000);
      R.audio(packetOf(tone(0, 8000)));
      await until(() => reports.length > 0);
      R.audio(packetOf(tone(8000, 8000)));
      run('mount', '-o', 'remount,rw', dir);
      const { warnings } = await recording.finish(TAGS);
      const { differs } = compare(samplesIn('u-R.wav'), 16_000, []);
      say({ warnings, unwritten: R.unwritten, differs, out: pool.out });
      `,
    );
    assert.deepEqual(said, { ...FINE, names: ['u-R.wav', 'u.journal'] });
  });

  test('whose folder takes no names for a while gets its own once it does', async () => {
    const said = await onDisk(
      dir,
      'size=8m',
      `
      const recording = record(['wav'], { patienceMs: 60_000 });
      const R = recording.startTrack('R', 'L16', 8000);
      R.audio(packetOf(tone(0, 8000)));
      await until((sizeOf) => sizeOf('u-R.wav.part') > 0);
      run('chattr', '+i', folder);
      const finished = recording.finish(TAGS);
      await until(() => reports.length > 0);
      run('chattr', '-i', folder);
      const { warnings } = await finished;
      const { differs } = compare(samplesIn('u-R.wav'), 8000, []);
      say({ warnings, unwritten: R.unwritten, differs, out: pool.out });
      `,
    );
    assert.deepEqual(said, { ...FINE, names: ['u-R.wav', 'u.journal'] });
  });

  test('whose mount vanishes goes on, and is whole once that is back', async () => {
    const said = await onDisk(
      dir,
      'size=8m',
      `
      mkdirSync('disk');
      mkdirSync('d');
      run('mount', '--bind', 'disk', 'd');
      const recording = record(['wav'], { patienceMs: 60_000 });
      const R = recording.startTrack('R', 'L16', 8000);
      R.audio(packetOf(tone(0, 8000)));
      await until((sizeOf) => sizeOf('u-R.wav.part') > 0);
      run('umount', '-l', 'd');
      R.audio(packetOf(tone(8000, 8000)));
      const W = recording.startTrack('W', 'L16', 8000);
      W.audio(packetOf(tone(0, 16_000)));
      await until(() => reports.length > 0);
      run('mount', '--bind', 'disk', 'd');
      const { warnings } = await recording.finish(TAGS);
      const { differs } = compare(samplesIn('u-R.wav'), 16_000, []);
      const other = compare(samplesIn('u-W.wav'), 16_000, []).differs;
      say({ warnings, unwritten: R.unwritten, differs, other, out: pool.out });
      `,
    );
    assert.deepEqual(said, { ...FINE, other: -1, names: ['u-R.wav', 'u-W.wav', 'u.journal'] });
  });

  test('on a disk that stands still waits in memory without standing still itself', async () => {
    const said = await onDisk(
      dir,
      'size=64m',
      `
      run('truncate', '-s', '32m', 'image');
      run('mkfs.ext4', '-q', 'image');
      mkdirSync('d');
      run('mount', '-o', 'loop', 'image', 'd');
      const recording = record(['wav'], { patienceMs: 60_000, slowMs: 500, sync: 'none' });
      const R = recording.startTrack('R', 'L16', 8000);
      R.audio(packetOf(tone(0, 8000)));
      recording.flush();
      await until((sizeOf) => sizeOf('u-R.wav.part') > 16_000);
      // Should this process be gone before it comes to that itself, nothing stays frozen.
      const thaw = spawn('sh', ['-c', 'sleep 30; fsfreeze -u d'], { detached: true, stdio: 'ignore' });
      run('fsfreeze', '-f', 'd');
      let most = 0;
      for (let at = 8000; at < 800_000; at += 160) {
        R.audio(packetOf(tone(at, 160)));
        if (at % 8000 === 0) recording.flush();
        most = Math.max(most, pool.out);
      }
      await until(() => reports.length > 0);
      run('fsfreeze', '-u', 'd');
      process.kill(-thaw.pid);
      await until(() => pool.waitingBytes === 0);
      R.audio(packetOf(tone(800_000, 8000)));
      const { warnings } = await recording.finish(TAGS);
      const [[from, count]] = R.unwritten;
      say({
        wav: compare(samplesIn('u-R.wav'), 808_000, R.unwritten), spans: R.unwritten.length,
        isLate: from > 100_000 && from + count === 800_000, warnings: warnings.length,
        isBounded: most <= 42, out: pool.out,
      });
      `,
    );
    assert.deepEqual(said, {
      wav: { length: 808_000, differs: -1 },
      spans: 1,
      isLate: true,
      warnings: 1,
      isBounded: true,
      out: 0,
      names: ['lost+found', 'u-R.wav', 'u.journal'],
    });
  });

  test('that ends on a disk that stands still is given up after a while, and keeps what was written', async () => {
    const said = await onDisk(
      dir,
      'size=64m',
      `
      run('truncate', '-s', '32m', 'image');
      run('mkfs.ext4', '-q', 'image');
      mkdirSync('d');
      run('mount', '-o', 'loop', 'image', 'd');
      const recording = record(['wav'], { patienceMs: 200, slowMs: 100 });
      const R = recording.startTrack('R', 'L16', 8000);
      R.audio(packetOf(tone(0, 8000)));
      recording.flush();
      await until((sizeOf) => sizeOf('u-R.wav.part') > 16_000);
      const thaw = spawn('sh', ['-c', 'sleep 30; fsfreeze -u d'], { detached: true, stdio: 'ignore' });
      run('fsfreeze', '-f', 'd');
      R.audio(packetOf(tone(8000, 8000)));
      const { files, journalPath, warnings } = await recording.finish(TAGS);
      run('fsfreeze', '-u', 'd');
      process.kill(-thaw.pid);
      await until(() => pool.out === 0);
      const kept = readFileSync(join(folder, 'u-R.wav.part'));
      const body = kept.subarray(kept.indexOf('data') + 8);
      const samples = new Int16Array(new Uint8Array(body).buffer);
      say({ files, journalPath, warnings, differs: compare(samples.subarray(0, 8000), 8000, []).differs });
      `,
    );
    assert.deepEqual(said, {
      files: [],
      journalPath: null,
      warnings: [
        `${dir}/d/u-R.wav: writing ended because the disk does not answer; what was written is left in u-R.wav.part`,
      ],
      differs: -1,
      names: ['lost+found', 'u-R.wav.part', 'u.journal'],
    });
  });
});
