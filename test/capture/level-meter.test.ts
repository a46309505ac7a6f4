import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeAlaw, encodeUlaw, Packet, type PcmCodec } from '../../src/audio/index.ts';
import { LevelMeter } from '../../src/capture/level-meter.ts';

const MS = 1e6;
const RATE = 8000;
/** A sine this far below full scale has an RMS 3 dB lower. */
const SINE_DB = -12;

/** 20 ms of a sine at 400 Hz, of which that is a whole number of periods. */
function packetOf(codec: PcmCodec, arrivalMs: number): Packet {
  const amplitude = 32_768 * 10 ** (SINE_DB / 20);
  const samples = Int16Array.from({ length: 160 }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * 400 * i) / RATE)),
  );
  const payload =
    codec === 'L16'
      ? new Uint8Array(samples.buffer)
      : (codec === 'PCMU' ? encodeUlaw : encodeAlaw)(samples);
  const arrivalNs = arrivalMs * MS;
  return Object.assign(new Packet(), { codec, payload, samples: 160, arrivalNs });
}

test('the level of a sine is right in every codec, after 100 ms of it', () => {
  for (const codec of ['PCMU', 'PCMA', 'L16'] as const) {
    const meter = new LevelMeter();
    meter.switchOn(3000 * MS);
    for (let i = 1; i <= 4; i++) meter.measure(packetOf(codec, i * 20), RATE);
    assert.equal(meter.levelDb(80 * MS), null);
    meter.measure(packetOf(codec, 100), RATE);
    const levelDb = meter.levelDb(100 * MS) ?? 0;
    assert.ok(Math.abs(levelDb - (SINE_DB - 3.01)) < 0.2, `${codec}: ${levelDb} dBFS`);
  }
});

test('nothing is measured as long as nobody asks, nor later than until when they did', () => {
  const meter = new LevelMeter();
  for (let i = 0; i < 10; i++) meter.measure(packetOf('PCMU', i * 20), RATE);
  assert.equal(meter.levelDb(200 * MS), null);
  meter.switchOn(3000 * MS);
  for (let i = 0; i < 10; i++) meter.measure(packetOf('PCMU', 3001 + i * 20), RATE);
  assert.equal(meter.levelDb(3200 * MS), null);
});

test('a level is that of now for a second, and holds nothing from before a pause', () => {
  const meter = new LevelMeter();
  meter.switchOn(10_000 * MS);
  for (let i = 1; i <= 9; i++) meter.measure(packetOf('L16', i * 20), RATE);
  assert.notEqual(meter.levelDb(1100 * MS), null);
  assert.equal(meter.levelDb(1101 * MS), null);
  meter.measure(packetOf('L16', 2000), RATE);
  assert.equal(meter.levelDb(2000 * MS), null);
});

test('silence is at the floor, and FreeSWITCH’s filler is silence in every codec', () => {
  for (const codec of ['PCMU', 'PCMA', 'L16'] as const) {
    const meter = new LevelMeter();
    meter.switchOn(3000 * MS);
    for (let i = 0; i < 5; i++) {
      const packet = packetOf(codec, i * 20);
      packet.payload.fill(0xff);
      meter.measure(packet, RATE);
    }
    assert.equal(meter.levelDb(100 * MS), -96);
  }
});

test('what is silent on purpose, or can not be decoded, has no level', () => {
  const meter = new LevelMeter();
  meter.switchOn(3000 * MS);
  for (let i = 0; i < 10; i++)
    meter.measure(Object.assign(packetOf('PCMU', i * 20), { isSilent: true }), RATE);
  assert.equal(meter.levelDb(200 * MS), null);
});
