import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ULAW_TO_LINEAR } from '../../src/audio/index.ts';
import { packetOf, packetsIn } from './numbered-audio.ts';

const decoded = (...parts: Uint8Array[]) =>
  Int16Array.from(Buffer.concat(parts), (code) => ULAW_TO_LINEAR[code] as number);
const SILENCE = new Uint8Array(37).fill(0xff);

test('packets are found again between silence, with their numbers and places', () => {
  const track = decoded(
    SILENCE,
    packetOf(3, 'W', 0),
    packetOf(3, 'W', 1),
    SILENCE,
    packetOf(3, 'W', 70_000),
  );
  assert.deepEqual(packetsIn(track, 3, 'W'), [
    { number: 0, atSample: 37 },
    { number: 1, atSample: 197 },
    { number: 70_000, atSample: 394 },
  ]);
});

test('whatever is no whole packet of the leg, in order and once, is found out', () => {
  const one = packetOf(3, 'W', 1);
  const wrong = (samples: Int16Array, cut = false) =>
    assert.throws(() => packetsIn(samples, 3, 'W', cut));
  wrong(decoded(packetOf(3, 'R', 1)));
  wrong(decoded(packetOf(4, 'W', 1)));
  wrong(decoded(one, one));
  wrong(decoded(packetOf(3, 'W', 2), one));
  wrong(decoded(one.subarray(1)));
  wrong(decoded(one.subarray(0, 100)));
  const changed = Uint8Array.from(one);
  changed[80] = changed[80] === 1 ? 2 : 1;
  wrong(decoded(changed));
});

test('what was cut off at the end may lack its last packet, and nothing else', () => {
  const cut = packetOf(3, 'W', 2).subarray(0, 100);
  for (const end of [[cut], [cut, SILENCE]])
    assert.deepEqual(packetsIn(decoded(packetOf(3, 'W', 1), ...end), 3, 'W', true), [
      { number: 1, atSample: 0 },
    ]);
  const more = decoded(cut, SILENCE, packetOf(3, 'W', 3));
  assert.throws(() => packetsIn(more, 3, 'W', true), /no packet at sample 0/);
});
