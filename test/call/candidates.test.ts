import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Candidates } from '../../src/call/candidates.ts';
import { DataHeader, formatData, parseData } from '../../src/protocol/index.ts';

const SOURCE = { address: '10.0.0.5', port: 40_000 };

function create() {
  let forgotten = 0;
  const candidates = new Candidates((packets) => {
    forgotten += packets;
  });
  const add = (uuid: string, atNs = 0, bytes = 160, source = SOURCE) => {
    const datagram = formatData(uuid, 'R', 0, Buffer.alloc(bytes, 7));
    const header = new DataHeader();
    assert.equal(parseData(datagram, header), 'data');
    const packets = candidates.add(header, datagram, source, atNs, 0);
    datagram.fill(0);
    return packets;
  };
  return { candidates, add, forgotten: () => forgotten };
}

test('three packets within 2 s come back as copies, in order', () => {
  const { candidates, add, forgotten } = create();
  assert.equal(add('u', 0), null);
  assert.equal(add('u', 1e9), null);
  const packets = add('u', 2e9);
  assert.deepEqual(
    packets?.map(({ arrivalNs }) => arrivalNs),
    [0, 1e9, 2e9],
  );
  assert.equal(Buffer.from(packets?.[0]?.datagram ?? []).toString('latin1', 0, 6), 'DATA:u');
  assert.equal(packets?.[0]?.payloadBytes, 160);
  assert.deepEqual([candidates.size, forgotten()], [0, 0]);
});

test('what is older than 2 s does not count', () => {
  const { add, candidates, forgotten } = create();
  add('u', 0);
  add('u', 1e9);
  assert.equal(add('u', 2.5e9), null);
  assert.equal(add('u', 2.6e9)?.length, 3);
  add('v', 3e9);
  candidates.sweep(5e9);
  assert.equal(candidates.size, 1);
  candidates.sweep(5.1e9);
  assert.deepEqual([candidates.size, forgotten()], [0, 2]);
});

test('hundreds of calls at once are all found, as after a restart', () => {
  const { add } = create();
  let opened = 0;
  for (let turn = 0; turn < 3; turn++)
    for (let i = 0; i < 1000; i++) if (add(`call-${i}`, turn * 20e6)) opened++;
  assert.equal(opened, 1000);
});

test('memory is bounded, by number and by size', () => {
  const { add, candidates, forgotten } = create();
  for (let i = 0; i < 5000; i++) add(`call-${i}`);
  assert.deepEqual([candidates.size, forgotten()], [2048, 5000 - 2048]);
  for (let i = 0; i < 500; i++) add(`large-${i}`, 0, 60_000);
  assert.ok(candidates.size < 150, `${candidates.size} of 60 kB`);
  candidates.clear();
  assert.deepEqual([candidates.size, forgotten()], [0, 5500]);
});
