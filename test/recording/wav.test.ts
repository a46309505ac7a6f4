import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Packet, parseWav } from '../../src/audio/index.ts';
import { AppendFile } from '../../src/recording/append-file.ts';
import { Disk } from '../../src/recording/disk.ts';
import { BlockPool, Recording } from '../../src/recording/index.ts';
import { Patience } from '../../src/recording/patience.ts';
import type { SinkShape } from '../../src/recording/sink.ts';
import { WAV } from '../../src/recording/wav.ts';

const TAGS = {
  title: 'uuid-1',
  artist: '138 > 9210',
  date: '2026-03-01T00:00:00.000Z',
  comment: 'x',
};
const HEAD_BYTES = 80;

interface Chunk {
  id: string;
  at: number;
  body: Buffer;
}

/** The chunks of a list that fills `bytes` exactly; each is padded to an even length. */
function chunksOf(bytes: Buffer, from: number): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  let at = from;
  while (at < bytes.length) {
    const size = view.getUint32(at + 4, true);
    assert.ok(at + 8 + size <= bytes.length, `chunk at ${at} says ${size} bytes`);
    const body = bytes.subarray(at + 8, at + 8 + size);
    chunks.push({ id: bytes.toString('latin1', at, at + 4), at, body });
    at += 8 + size + (size & 1);
  }
  assert.equal(at, bytes.length);
  return chunks;
}

function shapeOf(sampleRate: number): SinkShape {
  return { sampleRate, channels: 1, codec: 'L16' };
}

/** A whole file as the format makes it of so many bytes of samples. */
function fileOf(dataBytes: number, sampleRate = 8000, tags = TAGS): Buffer {
  const tail = WAV.tail(tags, dataBytes);
  const head = WAV.finalHead(shapeOf(sampleRate), dataBytes, tail.length);
  return Buffer.concat([head, Buffer.alloc(dataBytes, 5), tail]);
}

/** What INFO says, without the NUL at the end of each text. */
function infoOf(list: Buffer): Record<string, string> {
  assert.equal(list.toString('latin1', 0, 4), 'INFO');
  const entries = chunksOf(list, 4).map(({ id, body }) => {
    assert.equal(body[body.length - 1], 0);
    return [id, body.toString('utf8', 0, body.length - 1)];
  });
  return Object.fromEntries(entries);
}

describe('the head of a WAV file', () => {
  test('says 16-bit mono PCM of the rate, field by field', () => {
    for (const sampleRate of [8000, 16_000, 48_000]) {
      const bytes = WAV.finalHead(shapeOf(sampleRate), 320, 96);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const text = (at: number) => Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');
      assert.equal(bytes.length, HEAD_BYTES);
      assert.equal(text(0), 'RIFF');
      assert.equal(view.getUint32(4, true), HEAD_BYTES + 320 + 96 - 8);
      assert.equal(text(8), 'WAVE');
      assert.equal(text(12), 'JUNK');
      assert.equal(view.getUint32(16, true), 28);
      assert.ok(bytes.subarray(20, 48).every((byte) => byte === 0));
      assert.equal(text(48), 'fmt ');
      assert.equal(view.getUint32(52, true), 16);
      assert.equal(view.getUint16(56, true), 1, 'PCM');
      assert.equal(view.getUint16(58, true), 1, 'channels');
      assert.equal(view.getUint32(60, true), sampleRate);
      assert.equal(view.getUint32(64, true), 2 * sampleRate, 'bytes a second');
      assert.equal(view.getUint16(68, true), 2, 'bytes a frame');
      assert.equal(view.getUint16(70, true), 16, 'bits');
      assert.equal(text(72), 'data');
      assert.equal(view.getUint32(76, true), 320);
    }
  });

  test('says that sizes are unknown while the file is written, at the same length', () => {
    const bytes = WAV.head(shapeOf(8000));
    const final = WAV.finalHead(shapeOf(8000), 4, 0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    assert.equal(bytes.length, final.length);
    assert.equal(view.getUint32(4, true), 0xffffffff);
    assert.equal(view.getUint32(76, true), 0xffffffff);
    const open = Buffer.concat([bytes, Buffer.from(Int16Array.of(1, -2).buffer)]);
    assert.deepEqual(parseWav(open).samples, Int16Array.of(1, -2));
  });

  test('says the most that 32 bits can where a file is longer', () => {
    const bytes = WAV.finalHead(shapeOf(8000), 5e9, 96);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    assert.equal(view.getUint32(4, true), 0xffffffff);
    assert.equal(view.getUint32(76, true), 0xffffffff);
  });
});

describe('a whole WAV file', () => {
  test('is a RIFF whose size and chunks fill it exactly', () => {
    const evenSizes = fc.nat(2000).map((samples) => 2 * samples);
    fc.assert(
      fc.property(evenSizes, (dataBytes) => {
        const bytes = fileOf(dataBytes);
        assert.equal(bytes.readUInt32LE(4), bytes.length - 8);
        const chunks = chunksOf(bytes, 12);
        assert.deepEqual(
          chunks.map(({ id }) => id),
          ['JUNK', 'fmt ', 'data', 'LIST'],
        );
        assert.equal(chunks[2]?.at, HEAD_BYTES - 8);
        assert.equal(chunks[2]?.body.length, dataBytes);
      }),
    );
  });

  test('pads odd data, so that the tags behind it begin at an even place', () => {
    const file = fileOf(321);
    const chunks = chunksOf(file, 12);
    assert.equal(Buffer.from(file).readUInt32LE(4), file.length - 8);
    assert.equal(chunks[2]?.body.length, 321);
    assert.equal(chunks[3]?.at, HEAD_BYTES + 322);
    assert.equal(chunks[3]?.id, 'LIST');
  });

  test('carries its tags as UTF-8, whatever script they are in', () => {
    const text = fc
      .string({ unit: 'binary', maxLength: 40 })
      .map((one) => `x${one.replaceAll('\0', '')}`);
    const tags = fc.record({ title: text, artist: text, date: text, comment: text });
    fc.assert(
      fc.property(tags, fc.nat(9), (some, samples) => {
        const chunks = chunksOf(fileOf(2 * samples, 8000, some), 12);
        assert.deepEqual(infoOf(chunks[3]?.body as Buffer), {
          INAM: some.title,
          IART: some.artist,
          ICRD: some.date,
          ICMT: some.comment,
          ISFT: 'rst-server',
        });
      }),
    );
    const chinese = { ...TAGS, artist: '张三 > 李四', comment: 'Größe 🙂' };
    const info = infoOf(chunksOf(fileOf(4, 8000, chinese), 12)[3]?.body as Buffer);
    assert.equal(info.IART, '张三 > 李四');
    assert.equal(info.ICMT, 'Größe 🙂');
  });
});

test('a recording written as WAV is read back sample by sample', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'wav-'));
  try {
    const samples = Int16Array.from({ length: 20_011 }, (_, i) => ((i * 7919) % 65_536) - 32_768);
    const recording = new Recording(
      { dir, formats: ['wav'], wavCodec: 'pcm', hex: false, sync: 'close' },
      new BlockPool(),
    );
    recording.open('2026-03-01/u', {});
    const writer = recording.startTrack('R', 'L16', 16_000);
    const packet = new Packet();
    packet.codec = 'L16';
    packet.payload = new Uint8Array(samples.buffer);
    packet.samples = samples.length;
    writer.silence(3);
    writer.audio(packet);
    const { files, warnings } = await recording.finish(TAGS);
    assert.deepEqual(warnings, []);
    const path = join(dir, files[0]?.path as string);
    const bytes = await readFile(path);
    const wav = parseWav(bytes);
    assert.equal(wav.sampleRate, 16_000);
    assert.equal(wav.channels, 1);
    assert.equal(wav.encoding, 'pcm16');
    assert.deepEqual(wav.samples, Int16Array.of(0, 0, 0, ...samples));
    assert.equal(bytes.readUInt32LE(4), bytes.length - 8);
    assert.equal(infoOf(chunksOf(bytes, 12)[3]?.body as Buffer).INAM, 'uuid-1');
    assert.equal((await stat(path)).mode & 0o777, 0o640 & ~process.umask());
    assert.equal((await stat(join(dir, '2026-03-01'))).mode & 0o777, 0o750 & ~process.umask());
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a file beyond 4 GiB becomes RF64, with its true sizes in ds64', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'wav-'));
  try {
    const path = join(dir, 'long.wav');
    const shape = shapeOf(48_000);
    const dataBytes = 5 * 2 ** 30;
    const pool = new BlockPool();
    const file = new AppendFile(pool, new Patience(new Disk()));
    await file.open(path, WAV.head(shape));
    const block = pool.take();
    block.samples.set([11, 22]);
    block.usedBytes = 4;
    file.fill(0, dataBytes - 4);
    file.append(block);
    const tail = WAV.tail(TAGS, dataBytes);
    assert.ok(await file.finish(WAV.finalHead(shape, dataBytes, tail.length), tail, false));
    const { size, blocks } = await stat(path);
    assert.equal(size, HEAD_BYTES + dataBytes + tail.length);
    assert.ok(blocks * 512 < 1e6, 'sparse');
    const handle = await open(path);
    const head = Buffer.alloc(HEAD_BYTES);
    await handle.read(head, 0, HEAD_BYTES, 0);
    const last = Buffer.alloc(4);
    await handle.read(last, 0, 4, HEAD_BYTES + dataBytes - 4);
    await handle.close();
    assert.equal(head.toString('latin1', 0, 4), 'RF64');
    assert.equal(head.readUInt32LE(4), 0xffffffff);
    assert.equal(head.toString('latin1', 12, 16), 'ds64');
    assert.equal(head.readBigUInt64LE(20), BigInt(size - 8));
    assert.equal(head.readBigUInt64LE(28), BigInt(dataBytes));
    assert.equal(head.readBigUInt64LE(36), BigInt(dataBytes / 2));
    assert.equal(head.readUInt32LE(HEAD_BYTES - 4), 0xffffffff);
    assert.deepEqual([last.readInt16LE(0), last.readInt16LE(2)], [11, 22]);
  } finally {
    await rm(dir, { recursive: true });
  }
});
