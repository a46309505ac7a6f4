import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ALAW_TO_LINEAR, ULAW_TO_LINEAR } from '../../src/audio/g711.ts';
import { parseWav } from '../../src/audio/wav-file.ts';
import { RstError } from '../../src/errors.ts';

interface Shape {
  riff?: string;
  formatTag?: number;
  channels?: number;
  sampleRate?: number;
  bits?: number;
  extension?: Buffer;
  before?: Buffer[];
  after?: Buffer[];
  dataSize?: number;
}

function chunk(id: string, body: Uint8Array, size: number = body.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 0, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
}

function file(data: Uint8Array, shape: Shape = {}): Buffer {
  const { formatTag = 1, channels = 1, sampleRate = 8000, bits = 16 } = shape;
  const format = Buffer.alloc(16);
  format.writeUInt16LE(formatTag, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(sampleRate, 4);
  format.writeUInt32LE((sampleRate * channels * bits) / 8, 8);
  format.writeUInt16LE((channels * bits) / 8, 12);
  format.writeUInt16LE(bits, 14);
  const chunks = Buffer.concat([
    ...(shape.before ?? []),
    chunk('fmt ', Buffer.concat([format, shape.extension ?? Buffer.alloc(0)])),
    ...(shape.after ?? []),
    chunk('data', data, shape.dataSize),
  ]);
  const head = Buffer.from(`${shape.riff ?? 'RIFF'}....WAVE`, 'latin1');
  head.writeUInt32LE(chunks.length + 4, 4);
  return Buffer.concat([head, chunks]);
}

function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

function refused(bytes: Uint8Array, sentence: RegExp): void {
  assert.throws(
    () => parseWav(bytes),
    (error) => {
      assert.ok(error instanceof RstError);
      assert.equal(error.code, 'RST_AUDIO_FILE');
      assert.match(error.message, sentence);
      assert.match(error.message, /\.$/);
      return true;
    },
  );
}

const SAMPLES = Int16Array.of(0, 1, -1, 32767, -32768, 1234);

describe('a WAV file', () => {
  test('of speech gives exactly its samples', () => {
    const bytes = readFileSync(join(import.meta.dirname, '../fixtures/speech/caller.wav'));
    const wav = parseWav(bytes);
    assert.equal(wav.sampleRate, 8000);
    assert.equal(wav.channels, 1);
    assert.equal(wav.encoding, 'pcm16');
    assert.deepEqual(bytesOf(wav.samples), bytes.subarray(44));
  });

  test('gives its samples back whatever their number, its channels, rate and further chunks', () => {
    const anyChunk = fc
      .tuple(
        fc.constantFrom('JUNK', 'LIST', 'bext', 'fact', 'odd '),
        fc.uint8Array({ maxLength: 33 }),
      )
      .map(([id, body]) => chunk(id, body));
    fc.assert(
      fc.property(
        fc.int16Array({ maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1000, max: 192_000 }),
        fc.array(anyChunk, { maxLength: 3 }),
        fc.array(anyChunk, { maxLength: 3 }),
        fc.nat(3),
        (all, channels, sampleRate, before, after, offset) => {
          const samples = all.slice(0, all.length - (all.length % channels));
          const plain = file(bytesOf(samples), { channels, sampleRate, before, after });
          // Anywhere in a bigger buffer, as files that were read in one go are.
          const held = Buffer.concat([Buffer.alloc(offset), plain, Buffer.from('tail')]);
          const wav = parseWav(held.subarray(offset, offset + plain.length));
          assert.deepEqual(wav, { sampleRate, channels, encoding: 'pcm16', samples });
        },
      ),
    );
  });

  test('of 8-bit PCM counts from 128, and G.711 is decoded', () => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const pcm8 = parseWav(file(codes, { bits: 8 }));
    assert.equal(pcm8.encoding, 'pcm8');
    assert.deepEqual(
      [pcm8.samples[0], pcm8.samples[128], pcm8.samples[255]],
      [-32768, 0, 127 * 256],
    );
    const ulaw = parseWav(file(codes, { formatTag: 7, bits: 8 }));
    assert.equal(ulaw.encoding, 'ulaw');
    assert.deepEqual(ulaw.samples, ULAW_TO_LINEAR);
    const alaw = parseWav(file(codes, { formatTag: 6, bits: 8 }));
    assert.equal(alaw.encoding, 'alaw');
    assert.deepEqual(alaw.samples, ALAW_TO_LINEAR);
  });

  test('in the extensible form is what its subformat says', () => {
    const extension = Buffer.alloc(24);
    extension.writeUInt16LE(22, 0);
    extension.writeUInt16LE(16, 2);
    extension.writeUInt16LE(1, 8);
    const wav = parseWav(file(bytesOf(SAMPLES), { formatTag: 0xfffe, extension }));
    assert.deepEqual(wav.samples, SAMPLES);
    extension.writeUInt16LE(3, 8);
    refused(
      file(bytesOf(SAMPLES), { formatTag: 0xfffe, bits: 32, extension }),
      /holds 32-bit float/,
    );
  });

  test('as RF64 has the size of its data in ds64', () => {
    const ds64 = Buffer.alloc(28);
    ds64.writeBigUInt64LE(BigInt(2 * SAMPLES.length), 8);
    const shape = { riff: 'RF64', before: [chunk('ds64', ds64)], dataSize: 0xffffffff };
    const bytes = Buffer.concat([file(bytesOf(SAMPLES), shape), chunk('LIST', Buffer.alloc(9))]);
    assert.deepEqual(parseWav(bytes).samples, SAMPLES);
  });

  test('that was written to a pipe or cut short ends where its bytes end', () => {
    const piped = file(bytesOf(SAMPLES), { dataSize: 0xffffffff });
    assert.deepEqual(parseWav(piped).samples, SAMPLES);
    const whole = file(bytesOf(SAMPLES), { channels: 2 });
    assert.deepEqual(parseWav(whole.subarray(0, -3)).samples, SAMPLES.slice(0, 4));
  });

  test('that cannot be read is refused in one sentence', () => {
    refused(Buffer.from('no audio at all, just text'), /does not begin with RIFF/);
    refused(Buffer.alloc(0), /does not begin with RIFF/);
    refused(file(Buffer.alloc(6), { bits: 24 }), /holds 24-bit PCM/);
    refused(file(Buffer.alloc(6), { formatTag: 0x55 }), /holds format 0x0055/);
    refused(file(Buffer.alloc(6), { channels: 0 }), /no channel/);
    refused(file(Buffer.alloc(6), { sampleRate: 7 }), /sample rate of 7 Hz/);
    refused(Buffer.from('RIFF....WAVE'), /no fmt chunk/);
    const noData = file(Buffer.alloc(0));
    refused(noData.subarray(0, -8), /no data chunk/);
    refused(file(Buffer.alloc(2), { before: [chunk('data', Buffer.alloc(2))] }), /before its fmt/);
  });

  test('may be damaged in any way and is still read or refused', () => {
    const whole = file(bytesOf(SAMPLES), { before: [chunk('JUNK', Buffer.alloc(5))] });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(whole.length),
        (changes, length) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            parseWav(bytes.subarray(0, length));
          } catch (error) {
            assert.ok(error instanceof RstError, String(error));
          }
        },
      ),
    );
  });
});
