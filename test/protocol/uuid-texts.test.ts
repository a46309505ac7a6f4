import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataHeader, formatData, parseData, UuidTexts } from '../../src/protocol/index.ts';

const HEADER = new DataHeader();

function textIn(texts: UuidTexts, uuid: string): string {
  const datagram = formatData(uuid, 'R', 0, Buffer.from('x'));
  assert.equal(parseData(datagram, HEADER), 'data');
  return texts.of(datagram, HEADER);
}

test('UUIDs are told as they are, however many there are and how often they come', () => {
  const texts = new UuidTexts();
  const uuids = Array.from({ length: 40_000 }, (_, i) => `${i}-${(i * 7919) % 1000}`);
  uuids.push('!', '~'.repeat(128));
  for (let round = 0; round < 2; round++)
    for (const uuid of uuids) assert.equal(textIn(texts, uuid), uuid);
});
