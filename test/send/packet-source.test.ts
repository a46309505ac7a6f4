import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encodeUlaw } from '../../src/audio/index.ts';
import { RstError } from '../../src/errors.ts';
import { noiseSamples, openLegSources, openSource } from '../../src/send/packet-source.ts';
import { parseSource } from '../../src/send/source-spec.ts';
import { wireFormat } from '../../src/send/wire-format.ts';
import { wavOf } from './wav-bytes.ts';

const PCMU = wireFormat('pcmu', 8000, 20);
const L16 = wireFormat('l16', 8000, 20);

function int16(bytes: Uint8Array): Int16Array {
  return new Int16Array(new Uint8Array(bytes).buffer);
}

describe('a source of packets', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rst-source-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function wavSource(samples: Int16Array, rate: number, channels: number, format = L16) {
    const path = join(folder, 'source.wav');
    await writeFile(path, wavOf(samples, rate, channels));
    return openSource({ kind: 'wav', path }, format);
  }

  test('plays a file once, fills its last packet up and is silent from there on', async () => {
    const samples = noiseSamples(1, 0, 200);
    const source = await wavSource(samples, 8000, 1, PCMU);
    const encoded = encodeUlaw(samples);
    assert.equal(source.packets, 2);
    assert.deepEqual(source.payload(0), encoded.subarray(0, 160));
    const last = new Uint8Array(160).fill(0xff);
    last.set(encoded.subarray(160));
    assert.deepEqual(source.payload(1), last);
    for (const index of [2, 3, 99_999])
      assert.deepEqual(source.payload(index), new Uint8Array(160).fill(0xff));
  });

  test('plays the first channel of many', async () => {
    const left = noiseSamples(1, 0, 160);
    const stereo = Int16Array.from({ length: 320 }, (_, i) => (i & 1 ? 99 : left[i >> 1]!));
    const source = await wavSource(stereo, 8000, 2);
    assert.deepEqual(int16(source.payload(0)), left);
  });

  test('converts a file to the rate of the wire', async () => {
    const tone = Int16Array.from({ length: 44_100 }, (_, i) =>
      Math.round(8000 * Math.sin((2 * Math.PI * 500 * i) / 44_100)),
    );
    const source = await wavSource(tone, 44_100, 1);
    assert.equal(source.packets, 50);
    int16(source.payload(25)).forEach((sample, i) => {
      const wanted = 8000 * Math.sin((2 * Math.PI * 500 * (25 * 160 + i)) / 8000);
      assert.ok(Math.abs(sample - wanted) < 20);
    });
  });

  test('plays a tone without a seam, in packets of any length', async () => {
    for (const ptimeMs of [10, 20, 30, 7]) {
      const format = wireFormat('l16', 16_000, ptimeMs);
      const source = await openSource({ kind: 'tone', hz: 441 }, format);
      assert.equal(source.packets, null);
      for (const index of [0, 1, 49, 50, 142, 143, 1000, 12_345]) {
        const samples = int16(source.payload(index));
        assert.equal(samples.length, 16 * ptimeMs);
        samples.forEach((sample, i) => {
          const at = (index * format.packetSamples + i) % 16_000;
          const wanted = 16_384 * Math.sin((2 * Math.PI * 441 * at) / 16_000);
          assert.ok(Math.abs(sample - wanted) <= 1, `packet ${index}, sample ${i}`);
        });
      }
    }
  });

  test('gives the same noise for the same seed wherever it is asked, over the whole scale', async () => {
    const source = await openSource({ kind: 'noise', seed: 7 }, L16);
    const backwards = await openSource({ kind: 'noise', seed: 7 }, L16);
    const all = noiseSamples(7, 0, 160 * 1500);
    for (let index = 0; index < 1500; index++)
      assert.deepEqual(int16(source.payload(index)), all.slice(index * 160, (index + 1) * 160));
    for (let index = 1499; index >= 0; index -= 7)
      assert.deepEqual(backwards.payload(index), source.payload(index));
    assert.ok(all.reduce((most, sample) => Math.max(most, sample)) > 32_700);
    assert.ok(all.reduce((least, sample) => Math.min(least, sample)) < -32_700);
    const mean = all.reduce((sum, sample) => sum + sample, 0) / all.length;
    assert.ok(Math.abs(mean) < 200, `mean ${mean}`);
    assert.notDeepEqual(noiseSamples(8, 0, 160), all.slice(0, 160));
  });

  test('is encoded once where both legs play the same', async () => {
    const tone = parseSource('tone:440');
    const same = await openLegSources(tone, parseSource('tone:440'), PCMU);
    assert.equal(same.R, same.W);
    assert.equal(same.R.payload(3), same.R.payload(53));
    const different = await openLegSources(tone, parseSource('tone:441'), PCMU);
    assert.notEqual(different.R, different.W);
  });

  test('is refused where the file holds no audio', async () => {
    await assert.rejects(wavSource(new Int16Array(0), 8000, 1), (error) => {
      assert.ok(error instanceof RstError);
      assert.equal(error.code, 'RST_AUDIO_FILE');
      assert.match(error.message, /source\.wav: .*no audio\.$/);
      return true;
    });
  });
});

describe('the words for a source', () => {
  test('are tone, noise and silence; everything else is the path of a WAV file', () => {
    assert.deepEqual(parseSource('tone:440'), { kind: 'tone', hz: 440 });
    assert.deepEqual(parseSource('noise:0'), { kind: 'noise', seed: 0 });
    assert.deepEqual(parseSource('silence'), { kind: 'silence' });
    assert.deepEqual(parseSource('a/b.wav'), { kind: 'wav', path: 'a/b.wav' });
    assert.deepEqual(parseSource('./tone:440'), { kind: 'wav', path: './tone:440' });
  });

  test('with a number that is none are refused', () => {
    for (const text of ['tone:', 'tone:x', 'tone:0', 'tone:-1', 'noise:', 'noise:4294967296', ''])
      assert.throws(
        () => parseSource(text),
        (error) => error instanceof RstError && error.code === 'RST_USAGE',
      );
  });
});
