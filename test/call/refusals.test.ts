import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusals } from '../../src/call/refusals.ts';
import { AllowList } from '../../src/capture/index.ts';
import { createLog } from '../../src/log.ts';

test('however many addresses are refused, so many are named, once each, and one line says so', () => {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line).msg) };
  const log = createLog({ level: 'info', maskNumbers: false, stream });
  const refusals = new Refusals(new AllowList(['127.0.0.1']), log);
  for (let round = 0; round < 2; round++)
    for (let n = 0; n < 1000; n++)
      refusals.note({ address: `10.0.${n >> 8}.${n & 255}`, port: round });
  assert.equal(lines.length, 257);
  assert.equal(new Set(lines).size, 257);
  assert.match(lines.at(-1) ?? '', /further addresses .* are counted and not named/);
});
