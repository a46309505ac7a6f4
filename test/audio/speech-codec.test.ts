import assert from 'node:assert/strict';
import { test } from 'node:test';
import { g723Samples, g729Samples } from '../../src/audio/index.ts';

test('G.729 payloads are 10 ms for each 10 bytes, and for a noise frame at the end', () => {
  assert.deepEqual([0, 2, 10, 12, 20, 22, 60].map(g729Samples), [0, 80, 80, 160, 160, 240, 480]);
});

test('G.723.1 payloads are 30 ms a frame, whose size its first byte tells', () => {
  const payload = Uint8Array.from([
    ...frame(24, 0),
    ...frame(20, 1),
    ...frame(4, 2),
    ...frame(1, 3),
  ]);
  assert.equal(g723Samples(payload, 0, payload.length), 4 * 240);
  assert.equal(g723Samples(payload, 24, 44), 240);
});

function frame(bytes: number, kind: number): number[] {
  return [0xf0 | kind, ...new Array(bytes - 1).fill(0)];
}
