import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUlaw, parseWav, ULAW_TO_LINEAR } from '../../src/audio/index.ts';
import type { MediaSummary } from '../../src/capture/media-summary.ts';
import type { LegName } from '../../src/protocol/index.ts';
import type { FormatName } from '../../src/recording/index.ts';
import {
  type MediaCallOptions,
  type OpenMediaCall,
  withMediaCall,
} from '../support/with-media-call.ts';

const PACKET_NS = 20e6;

interface TestCall extends OpenMediaCall {
  /** Packet number `i` of a leg, arrived when it should. */
  packet(leg: LegName, i: number, code: number, numbers?: [seq: number, ts: number]): void;
  /** The same with any payload. */
  payload(leg: LegName, i: number, type: number, bytes: Uint8Array, numbers?: number[]): void;
  finish(packets: number): Promise<MediaSummary>;
}

function withCall(options: MediaCallOptions, run: (test: TestCall) => Promise<void>) {
  return withMediaCall(options, (opened) => {
    const payload: TestCall['payload'] = (leg, i, type, bytes, numbers = []) =>
      opened.receive(leg, (i + 1) * PACKET_NS, type, bytes, ...numbers);
    return run({
      ...opened,
      payload,
      packet: (leg, i, code, numbers) =>
        payload(leg, i, 0, new Uint8Array(160).fill(code), numbers),
      finish: (packets) => opened.finish(packets * PACKET_NS),
    });
  });
}

function pathOf(summary: MediaSummary, format: string): string {
  return summary.recording.files.find((file) => file.format === format && file.track !== 'W')
    ?.path as string;
}

test('what arrives under the mask is silence in every output, and nothing else is', async () => {
  await withCall(
    { formats: ['wav', 'pcm', 'raw', 'stereo'] },
    async ({ call, packet, finish, read }) => {
      for (let i = 0; i < 100; i++) {
        if (i === 30) call.setMask(true, i * PACKET_NS);
        if (i === 60) call.setMask(false, i * PACKET_NS);
        packet('R', i, 0x10);
        packet('W', i, 0x20);
      }
      const summary = await finish(100);
      assert.deepEqual(summary.masks, [{ fromMs: 600, toMs: 1200 }]);
      const loud = ULAW_TO_LINEAR[0x10] as number;
      const expected = Int16Array.from({ length: 16_000 }, (_, n) =>
        n >= 30 * 160 && n < 60 * 160 ? 0 : loud,
      );
      assert.deepEqual(parseWav(await read(pathOf(summary, 'wav'))).samples, expected);
      const stereo = parseWav(await read(pathOf(summary, 'stereo'))).samples;
      assert.deepEqual(
        stereo.filter((_, i) => i % 2 === 0),
        expected,
      );
      const raw = await read(pathOf(summary, 'raw'));
      assert.deepEqual(
        Uint8Array.from(raw),
        Uint8Array.from(expected, (sample) => (sample === 0 ? 0xff : 0x10)),
      );
      const hex = (await read(pathOf(summary, 'hex'))).toString().split('\n');
      assert.match(hex[29] as string, /^0x10/);
      assert.match(hex[30] as string, /^0xff/);
    },
  );
});

test('the mask goes by when a packet arrived, however late it is read', async () => {
  await withCall({ formats: ['wav', 'raw'] }, async ({ call, packet, finish, read }) => {
    const readIn = (from: number, to: number) => {
      for (let i = from; i < to; i++) packet('R', i, 0x10);
    };
    readIn(0, 10);
    // Packet 12 is the first that arrives under the mask, packet 17 the first after it.
    call.setMask(true, 12.5 * PACKET_NS);
    readIn(10, 15);
    call.setMask(false, 17.5 * PACKET_NS);
    // A second one, on and off before anything is read.
    call.setMask(true, 20.5 * PACKET_NS);
    call.setMask(false, 21.5 * PACKET_NS);
    readIn(15, 30);
    const summary = await finish(30);
    assert.deepEqual(summary.masks, [
      { fromMs: 250, toMs: 350 },
      { fromMs: 410, toMs: 430 },
    ]);
    const masked = [12, 13, 14, 15, 16, 20];
    const { samples } = parseWav(await read(pathOf(summary, 'wav')));
    const loud = ULAW_TO_LINEAR[0x10] as number;
    const expected = Int16Array.from({ length: 30 * 160 }, (_, n) =>
      masked.includes(Math.floor(n / 160)) ? 0 : loud,
    );
    assert.deepEqual(samples, expected);
    const raw = Uint8Array.from(await read(pathOf(summary, 'raw')));
    assert.deepEqual(
      raw,
      Uint8Array.from(expected, (sample) => (sample === 0 ? 0xff : 0x10)),
    );
  });
});

test('a packet that arrives as the mask is set is masked, one as it is taken off is not', async () => {
  await withCall({}, async ({ call, packet, finish, read }) => {
    call.setMask(true, 3 * PACKET_NS);
    call.setMask(false, 5 * PACKET_NS);
    for (let i = 0; i < 10; i++) packet('R', i, 0x10);
    const summary = await finish(10);
    const { samples } = parseWav(await read(pathOf(summary, 'wav')));
    const masked = Array.from({ length: 10 }, (_, i) => i).filter((i) => samples[i * 160] === 0);
    assert.deepEqual(masked, [2, 3]);
  });
});

test('L16 that arrived under the mask is masked once its rate is known, and no packet beside it', async () => {
  await withCall({}, async ({ call, payload, finish, read }) => {
    const linear = (i: number) => new Uint8Array(new Int16Array(160).fill(1000 + i).buffer);
    for (let i = 0; i < 5; i++) payload('R', i, 10, linear(i));
    call.setMask(true, 2.5 * PACKET_NS);
    call.setMask(false, 6.5 * PACKET_NS);
    for (let i = 5; i < 20; i++) payload('R', i, 10, linear(i));
    const summary = await finish(20);
    const { samples } = parseWav(await read(pathOf(summary, 'wav')));
    const masked = Array.from({ length: 20 }, (_, i) => i).filter((i) => samples[i * 160] === 0);
    assert.deepEqual(masked, [2, 3, 4, 5]);
  });
});

test('a mask that is never taken off ends with the call', async () => {
  await withCall({}, async ({ call, packet, finish }) => {
    call.setMask(true, 0);
    for (let i = 0; i < 10; i++) packet('R', i, 0x10);
    assert.deepEqual((await finish(10)).masks, [{ fromMs: 0, toMs: 200 }]);
  });
});

test('numbered packets are placed by their numbers, whatever order they come in', async () => {
  await withCall({ seq: true }, async ({ packet, finish, read }) => {
    const order = [0, 2, 1, 3, 3, 5, 6, 7, 8, 9];
    order.forEach((seq, i) => {
      packet('R', i, 0x10 + seq, [seq, seq * 160]);
    });
    const { tracks, recording } = await finish(10);
    assert.deepEqual([tracks.R.lostPackets, tracks.R.dropped], [1, { duplicate: 1 }]);
    assert.deepEqual(tracks.R.gaps, [[4 * 160, 160]]);
    const { samples } = parseWav(await read(recording.files[0]?.path as string));
    for (const seq of order) assert.equal(samples[seq * 160], ULAW_TO_LINEAR[0x10 + seq] as number);
    assert.equal(samples[4 * 160], 0);
  });
});

test('numbered packets that hold no audio are not lost, and their time is silence', async () => {
  await withCall({ seq: true }, async ({ packet, payload, finish }) => {
    const nothing = new Uint8Array(0);
    const opus = new Uint8Array(40).fill(7);
    for (let i = 0; i < 20; i++) {
      const numbers = [i, i * 160];
      if (i === 0 || i === 12) payload('R', i, 0, nothing, numbers);
      else if (i % 7 === 6) payload('R', i, 96, opus, numbers);
      else if (i !== 10) packet('R', i, 0x10, [i, i * 160]);
      // A leg of which nothing can be heard.
      if (i !== 15) payload('W', i, 96, opus, numbers);
    }
    const { R, W } = (await finish(20)).tracks;
    assert.deepEqual([R.lostPackets, W.lostPackets], [1, 1]);
    assert.deepEqual(
      R.gaps.map(([at, samples]) => [at / 160, samples / 160]),
      [
        [0, 1],
        [6, 1],
        [10, 1],
        [12, 2],
      ],
    );
    assert.equal(R.samples, 20 * 160);
  });
});

for (const [first, second] of [
  [0, 10],
  [10, 0],
] as const)
  test(`numbered packets of type ${first} and then ${second}, at 8 and 16 kHz, are at their media time`, async () => {
    await withCall({ seq: true, l16Rate: 16_000 }, async ({ payload, finish, read }) => {
      const PACKETS = 200;
      const rates = [first, second].map((type) => (type === 0 ? 8000 : 16_000));
      const [firstRate, secondRate] = rates as [number, number];
      // Each packet is one tone level, and the change is at packet 100.
      const levelOf = (i: number) => 4000 + (i % 10) * 2000;
      const numbersOf = (i: number) => [
        i,
        (Math.min(i, 100) * firstRate) / 50 + (Math.max(i - 100, 0) * secondRate) / 50,
      ];
      const lost = [40, 97, 99, 100, 102, 150];
      for (let at = 0; at < PACKETS; at++) {
        const i = at >= 90 && at < 110 ? at ^ 1 : at;
        if (lost.includes(i)) continue;
        const type = i < 100 ? first : second;
        const samples = new Int16Array(type === 0 ? 160 : 320).fill(levelOf(i));
        const bytes = type === 0 ? encodeUlaw(samples) : new Uint8Array(samples.buffer);
        payload('R', at, type, bytes, numbersOf(i));
      }
      const { tracks, recording } = await finish(PACKETS);
      const packet = firstRate / 50;
      assert.deepEqual(
        [tracks.R.sampleRate, tracks.R.samples, tracks.R.lostPackets],
        [firstRate, PACKETS * packet, lost.length],
      );
      assert.deepEqual(
        tracks.R.gaps.map(([at, samples]) => [at / packet, samples / packet]),
        [
          [40, 1],
          [97, 1],
          [99, 2],
          [102, 1],
          [150, 1],
        ],
      );
      const { samples } = parseWav(await read(recording.files[0]?.path as string));
      // Past the middle the filter has forgotten the packet before.
      for (let i = 0; i < PACKETS; i++) {
        const sample = samples[i * packet + Math.floor(packet * 0.75)] as number;
        const level = lost.includes(i) ? 0 : levelOf(i);
        assert.ok(Math.abs(sample - level) < 300, `packet ${i}: ${sample}, not ${level}`);
      }
    });
  });

test('where numbers stop coming, the rest is placed by arrival in the same track', async () => {
  await withCall({ seq: true }, async ({ packet, finish, read }) => {
    for (let i = 0; i < 50; i++) packet('R', i, 0x10, [i, i * 160]);
    for (let i = 50; i < 100; i++) packet('R', i + 50, 0x20);
    const { tracks, recording } = await finish(150);
    assert.deepEqual([tracks.R.packets, tracks.R.lostPackets, tracks.R.samples], [100, 0, 24_000]);
    assert.deepEqual(tracks.R.gaps, [[50 * 160, 50 * 160]]);
    const { samples } = parseWav(await read(recording.files[0]?.path as string));
    assert.equal(samples[50 * 160 - 1], ULAW_TO_LINEAR[0x10] as number);
    assert.equal(samples[100 * 160], ULAW_TO_LINEAR[0x20] as number);
  });
});

test('L16 whose rate is not known yet keeps its place before another codec, and its mask', async () => {
  await withCall({}, async ({ call, payload, packet, finish, read }) => {
    const linear = new Uint8Array(new Int16Array(160).fill(1000).buffer);
    for (let i = 0; i < 5; i++) {
      call.setMask(i === 2, (i + 0.5) * PACKET_NS);
      payload('R', i, 10, linear);
    }
    for (let i = 5; i < 50; i++) packet('R', i, 0x10);
    const { tracks, recording } = await finish(50);
    assert.deepEqual([tracks.R.samples, tracks.R.gaps], [50 * 160, []]);
    const { samples } = parseWav(await read(recording.files[0]?.path as string));
    const firsts = [0, 1, 2, 3, 4, 5].map((i) => samples[i * 160]);
    assert.deepEqual(firsts, [1000, 1000, 0, 1000, 1000, ULAW_TO_LINEAR[0x10]]);
  });
});

test('copies are found where numbers are not what packets are placed by', async () => {
  await withCall({}, async ({ payload, finish }) => {
    for (let i = 0; i < 100; i++) {
      const speech = Uint8Array.from({ length: 160 }, (_, n) => (i * 31 + n * 7) & 0x7f);
      for (let copy = 0; copy < (i % 10 === 0 ? 2 : 1); copy++)
        payload('R', i, 0, speech, [i, i * 160]);
    }
    const { tracks } = await finish(100);
    assert.deepEqual([tracks.R.samples, tracks.R.dropped], [100 * 160, { duplicate: 10 }]);
  });
});

test('filler of 0xFF in another codec and rate than the track is silence, but raw keeps it', async () => {
  const formats: FormatName[] = ['wav', 'raw'];
  await withCall({ formats, l16Rate: 16_000 }, async ({ payload, finish, read }) => {
    const filler = new Uint8Array(160).fill(0xff);
    payload('R', 0, 10, new Uint8Array(640));
    for (let i = 1; i < 10; i++) payload('R', i, 8, filler);
    const { tracks, recording } = await finish(10);
    assert.deepEqual([tracks.R.sampleRate, tracks.R.samples], [16_000, 10 * 320]);
    const { samples } = parseWav(await read(recording.files[0]?.path as string));
    assert.deepEqual(samples, new Int16Array(10 * 320));
    const alaw = recording.files.find(({ path }) => path.endsWith('.alaw'))?.path as string;
    assert.deepEqual(Uint8Array.from(await read(alaw)), new Uint8Array(9 * 160).fill(0xff));
  });
});

test('codecs that alternate for ever leave a bounded number of files, with every payload', async () => {
  await withCall({}, async ({ payload, finish, read }) => {
    for (let i = 0; i < 500; i++)
      payload('R', i, i % 2 === 0 ? 18 : 13, new Uint8Array(10).fill(i));
    const { recording, warnings } = await finish(500);
    const raw = recording.files.filter(({ format }) => format === 'raw');
    assert.equal(raw.length, 16);
    const contents = Buffer.concat(await Promise.all(raw.map(({ path }) => read(path))));
    assert.deepEqual(
      Uint8Array.from(contents),
      Uint8Array.from({ length: 5000 }, (_, n) => Math.floor(n / 10)),
    );
    assert.ok(warnings.some((text) => text.includes('changed more than 15 times')));
    assert.equal(warnings.filter((text) => text.includes('payload type 13')).length, 1);
  });
});
