import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Packet, type PcmCodec } from '../../src/audio/index.ts';
import { RepeatFilter } from '../../src/capture/repeat-filter.ts';

const RATE_HZ = 8000;
const PACKET_SAMPLES = 160;
const MS_NS = 1e6;

type Sent = [atMs: number, payload: number[]];

interface Judged {
  /** The packets that were handed on, in order. */
  kept: number[];
  inDoubt: number[];
  copies: number;
}

interface Conditions {
  codec?: PcmCodec;
  /** Whether packets come before their time. */
  isAhead?: boolean;
  isQuiet?: boolean;
}

/** The same, however many packets are read at a time. */
function judge(packets: Sent[], conditions: Conditions = {}): Judged {
  const judged = judgeBatches(packets, conditions, 1);
  for (const size of [2, 3, packets.length])
    assert.deepEqual(judgeBatches(packets, conditions, size), judged, `batches of ${size}`);
  return judged;
}

function judgeBatches(
  packets: Sent[],
  { codec = 'PCMU', isAhead = true, isQuiet = false }: Conditions,
  batchSize: number,
): Judged {
  const kept: number[] = [];
  const inDoubt: number[] = [];
  const filter = new RepeatFilter({
    isAhead: () => isAhead,
    isQuiet: () => isQuiet,
    append: (packet, rateHz, isInDoubt) => {
      assert.equal(rateHz, RATE_HZ);
      const index = packet.seq;
      assert.deepEqual([...packet.payload], packets[index]?.[1], 'with its own bytes');
      kept.push(index);
      if (isInDoubt) inDoubt.push(index);
    },
  });
  const packet = new Packet();
  const slots = Array.from({ length: batchSize }, () => new Uint8Array(16));
  for (const [seq, [atMs, sent]] of packets.entries()) {
    const slot = seq % batchSize;
    if (slot === 0) for (const old of slots) old.fill(0);
    const bytes = slots[slot] as Uint8Array;
    bytes.set([9, ...sent]);
    const payload = bytes.subarray(1, 1 + sent.length);
    const isLastOfBatch = slot === batchSize - 1 || seq === packets.length - 1;
    const batch = Math.floor(seq / batchSize) + 1;
    Object.assign(packet, { codec, payload, seq, batch, isLastOfBatch });
    packet.samples = PACKET_SAMPLES;
    packet.arrivalNs = atMs * MS_NS;
    filter.take(packet, RATE_HZ);
  }
  filter.flush();
  return { kept, inDoubt, copies: filter.copies };
}

const TWICE: Sent[] = [
  [0, [1, 2]],
  [20, [3, 4]],
  [20.1, [3, 4]],
  [21, [5, 6]],
];

describe('a packet that comes twice', () => {
  test('is a copy where it comes before its time; what repeats on is a tone', () => {
    assert.deepEqual(judge(TWICE), { kept: [0, 1, 3], inDoubt: [], copies: 1 });
    const tone = TWICE.with(3, [21, [3, 4]]);
    assert.deepEqual(judge(tone), { kept: [0, 1, 3], inDoubt: [], copies: 1 });
  });

  test('in a backlog is a copy where the next one is another, for speech never is the same twice', () => {
    const loud = { isAhead: false };
    assert.deepEqual(judge(TWICE, loud), { kept: [0, 1, 3], inDoubt: [], copies: 1 });
    assert.deepEqual(judge(TWICE.slice(0, 3), loud), { kept: [0, 1], inDoubt: [], copies: 1 });
  });

  test('in a backlog is a tone where the next one is the same again', () => {
    const tone = [...TWICE.with(3, [21, [3, 4]]), [22, [7, 8]] as Sent];
    const loud = { isAhead: false };
    assert.deepEqual(judge(tone, loud), { kept: [0, 1, 2, 3, 4], inDoubt: [], copies: 0 });
  });

  test('in a backlog stays where it is quiet, until packets come before their time', () => {
    const quiet = { isAhead: false, isQuiet: true };
    assert.deepEqual(judge(TWICE, quiet), { kept: [0, 1, 2, 3], inDoubt: [2], copies: 0 });
  });
});

describe('no copy, even before its time,', () => {
  const keptAll = (packets: Sent[], codec: PcmCodec = 'PCMU') =>
    assert.deepEqual(judge(packets, { codec }), {
      kept: packets.map((_, i) => i),
      inDoubt: [],
      copies: 0,
    });

  test('is a tone whose packets are all alike, at its own pace or in a burst', () => {
    keptAll([0, 20, 40, 60].map((ms) => [ms, [1, 2]]));
    keptAll([
      [0, [1, 2]],
      [20, [1, 2]],
      [80, [1, 2]],
      [80, [1, 2]],
      [80, [1, 2]],
    ]);
  });

  test('is silence, however fast it comes', () => {
    keptAll([0, 1, 2, 3].map((ms) => [ms, [255, 255, 255]]));
  });

  test('is silence of L16, a sample that repeats, and not a byte', () => {
    const burst = (payload: number[]) => [0, 1, 2, 3].map((ms): Sent => [ms, payload]);
    keptAll(burst([1, 0, 1, 0, 1, 0]), 'L16');
    keptAll(burst([0, 0, 0, 0]), 'L16');
    assert.equal(judge(burst([1, 0, 1, 2, 1, 0]), { codec: 'L16' }).copies, 1);
    assert.equal(judge(burst([1, 0, 1, 0, 1, 0])).copies, 1);
  });

  test('are the same bytes a packet time later, or of another length', () => {
    keptAll([
      [0, [1, 2]],
      [20, [1, 2]],
      [21, [1, 2, 3]],
      [22, [1, 2]],
    ]);
  });
});
