import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import wavefile from 'wavefile';
import {
  ALAW_SILENCE,
  ALAW_TO_LINEAR,
  encodeAlaw,
  encodeUlaw,
  ULAW_SILENCE,
  ULAW_TO_LINEAR,
} from '../../src/audio/index.ts';

const CODES = Uint8Array.from({ length: 256 }, (_, code) => code);
const SAMPLES = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
const ULAW_NEGATIVE_ZERO = 0x7f;

/** Every code decoded by the wavefile package. */
function byWavefile(law: '8a' | '8m'): Int16Array {
  const wav = new wavefile.WaveFile();
  wav.fromScratch(1, 8000, law, CODES);
  if (law === '8a') wav.fromALaw();
  else wav.fromMuLaw();
  return Int16Array.from(wav.getSamples() as unknown as Float64Array);
}

/** Half the width of the interval a code stands for, in 16-bit samples. */
function halfStep(law: 'a' | 'u', code: number): number {
  const segment = ((law === 'a' ? code ^ 0x55 : ~code) & 0x70) >> 4;
  return law === 'a' ? 8 << Math.max(0, segment - 1) : 4 << segment;
}

describe('μ-law', () => {
  test('decodes the points that G.711 names', () => {
    // ITU-T G.711 table 2: decision values of 14 bits, left-aligned to 16 (times 4).
    const points = { 0: -32_124, 128: 32_124, 15: -16_764, 143: 16_764, 240: 120, 254: 8 };
    for (const [code, value] of Object.entries(points))
      assert.equal(ULAW_TO_LINEAR[Number(code)], value, code);
    assert.equal(ULAW_TO_LINEAR[ULAW_SILENCE], 0);
    assert.equal(ULAW_TO_LINEAR[ULAW_NEGATIVE_ZERO], 0);
  });

  test('decodes as wavefile does', () => {
    assert.deepEqual(ULAW_TO_LINEAR, byWavefile('8m'));
  });

  test('gives every code back but negative zero, which becomes zero', () => {
    const codes = encodeUlaw(ULAW_TO_LINEAR);
    const expected = CODES.slice();
    expected[ULAW_NEGATIVE_ZERO] = ULAW_SILENCE;
    assert.deepEqual(codes, expected);
  });

  test('is symmetric and grows with the code', () => {
    for (let code = 0; code < 0x7f; code++) {
      assert.equal(ULAW_TO_LINEAR[code], -(ULAW_TO_LINEAR[code | 0x80] as number));
      assert.ok((ULAW_TO_LINEAR[code] as number) < (ULAW_TO_LINEAR[code + 1] as number));
    }
  });

  test('encodes every sample to the code whose interval it lies in', () => {
    const codes = encodeUlaw(SAMPLES);
    SAMPLES.forEach((sample, i) => {
      const code = codes[i] as number;
      const clipped = Math.max(-32_635, Math.min(32_635, sample));
      const off = Math.abs((ULAW_TO_LINEAR[code] as number) - clipped);
      assert.ok(off <= halfStep('u', code), `${sample} is ${off} from code ${code}`);
    });
  });
});

describe('A-law', () => {
  test('decodes the points that G.711 names', () => {
    // ITU-T G.711 table 1: 13 bits, left-aligned to 16 (times 8).
    const points = { 42: -32_256, 170: 32_256, 213: 8, 85: -8, 128: 5504, 212: 24 };
    for (const [code, value] of Object.entries(points))
      assert.equal(ALAW_TO_LINEAR[Number(code)], value, code);
    assert.equal(ALAW_TO_LINEAR[ALAW_SILENCE], 8);
    // FreeSWITCH fills R with 0xff whatever the codec.
    assert.equal(ALAW_TO_LINEAR[0xff], 848);
  });

  test('decodes as wavefile does', () => {
    assert.deepEqual(ALAW_TO_LINEAR, byWavefile('8a'));
  });

  test('gives every code back', () => {
    assert.deepEqual(encodeAlaw(ALAW_TO_LINEAR), CODES);
  });

  test('encodes every sample to the code whose interval it lies in', () => {
    const codes = encodeAlaw(SAMPLES);
    SAMPLES.forEach((sample, i) => {
      const code = codes[i] as number;
      const off = Math.abs((ALAW_TO_LINEAR[code] as number) - sample);
      assert.ok(off <= halfStep('a', code), `${sample} is ${off} from code ${code}`);
    });
  });

  test('encodes silence and the extremes to their codes', () => {
    assert.deepEqual(
      [...encodeAlaw(Int16Array.of(0, -1, 32_767, -32_768))],
      [0xd5, 0x55, 0xaa, 0x2a],
    );
    assert.deepEqual([...encodeUlaw(Int16Array.of(0, 32_767, -32_768))], [0xff, 0x80, 0x00]);
  });
});
