import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkLeg, PCM_FORM, type SampleForm, ULAW_FORM } from '../../bench/load/leg-check.ts';
import { payloadOf, writeNumber } from '../../bench/load/packet-mark.ts';
import { ULAW_TO_LINEAR } from '../../src/audio/index.ts';

const LEG = 4321;
const SENT = 5000;
const SILENCE = 'silence';

/** Audio of such packets, in that order. */
function audioOf(numbers: (number | typeof SILENCE)[], leg = LEG): Uint8Array {
  return Buffer.concat(
    numbers.map((number) => {
      if (number === SILENCE) return new Uint8Array(37).fill(ULAW_FORM.silence);
      const payload = payloadOf(leg);
      writeNumber(payload, 0, number);
      return payload;
    }),
  );
}

const WAYS: [string, SampleForm, (codes: Uint8Array) => Uint8Array | Int16Array][] = [
  ['payloads as they came', ULAW_FORM, (codes) => codes],
  [
    'samples of 16 bits',
    PCM_FORM,
    (codes) => Int16Array.from(codes, (code) => ULAW_TO_LINEAR[code] as number),
  ],
];

for (const [name, form, as] of WAYS)
  describe(`what a file of ${name} holds is compared with what was sent`, () => {
    const checked = (codes: Uint8Array) => checkLeg(as(codes), LEG, form, SENT);

    test('packets in order, with silence between them', () => {
      assert.deepEqual(checked(audioOf([SILENCE, 0, 1, 2, SILENCE, 3, 4999, SILENCE])), {
        ...{ found: 5, misordered: 0, repeated: 0, wrongSamples: 0 },
      });
    });

    test('one that is missing, one that is late and one that is there twice', () => {
      assert.deepEqual(checked(audioOf([0, 2, 3, 1, 4, 4, 6])), {
        ...{ found: 6, misordered: 1, repeated: 1, wrongSamples: 0 },
      });
    });

    test('one of another leg, and one that was never sent', () => {
      const audio = Buffer.concat([audioOf([0]), audioOf([1], LEG + 1), audioOf([SENT])]);
      assert.deepEqual(checked(audio), {
        ...{ found: 1, misordered: 0, repeated: 0, wrongSamples: 320 },
      });
    });

    test('one with a wrong bit, and one that is only half there', () => {
      const audio = audioOf([0, 1, 2, 3]);
      audio[160 + 80] = (audio[160 + 80] as number) ^ 1;
      const { found, wrongSamples } = checked(
        Buffer.concat([audio.subarray(0, 400), audio.subarray(480)]),
      );
      assert.deepEqual([found, wrongSamples], [2, 160 + 80]);
    });
  });
