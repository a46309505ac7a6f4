import assert from 'node:assert/strict';
import type { ManifestTrack } from '../../src/archive/index.ts';
import { ALAW_TO_LINEAR, ULAW_TO_LINEAR } from '../../src/audio/index.ts';
import type { CapturedPacket } from './capture-file.ts';

const FILLER = 0xff;

/** What a packet sounds like; a frame of 0xFF throughout is FreeSWITCH's own filler, and silence. */
export function decoded({ payloadType, payload }: CapturedPacket): Int16Array {
  const isFiller = payload.every((byte) => byte === FILLER);
  if (payloadType === '10') {
    const samples = new Int16Array(Uint8Array.from(payload).buffer);
    return isFiller ? samples.fill(0) : samples;
  }
  const table = payloadType === '00' ? ULAW_TO_LINEAR : ALAW_TO_LINEAR;
  return Int16Array.from(payload, (code) => (isFiller ? 0 : (table[code] as number)));
}

/** Where each packet begins in its track, from the manifest's gaps alone. */
export function placesOf(
  packets: CapturedPacket[],
  track: ManifestTrack,
): [atSample: number, packet: CapturedPacket][] {
  const gaps = [...track.gaps];
  let at = 0;
  return packets.map((packet) => {
    while (gaps[0]?.[0] === at) at += (gaps.shift() as [number, number])[1];
    const place: [number, CapturedPacket] = [at, packet];
    at += decoded(packet).length;
    return place;
  });
}

/** The samples are the packets' audio, in order, with zeros at the manifest's gaps and nowhere else. */
export function assertAudioIsExact(
  samples: Int16Array,
  packets: CapturedPacket[],
  track: ManifestTrack,
): void {
  const expected = new Int16Array(samples.length);
  let heard = 0;
  for (const [place, packet] of placesOf(packets, track)) {
    const audio = decoded(packet);
    const { gaps, driftCorrections, dropped } = track;
    assert.ok(
      place + audio.length <= samples.length,
      `the packet of ${packet.atMs} ms has no room: ${JSON.stringify({ gaps, driftCorrections, dropped })}`,
    );
    expected.set(audio, place);
    heard += audio.length;
  }
  const silent = track.gaps.reduce((sum, [, length]) => sum + length, 0);
  assert.equal(heard + silent, samples.length);
  assert.deepEqual(samples, expected);
}

/**
 * Every packet ends within one packet time of the moment it was sent, which was up to `lateMs` late; so
 * was the INV, where the track begins.
 */
export function assertInPlace(
  packets: CapturedPacket[],
  track: ManifestTrack,
  lateMs: number,
  packetMs = 20,
): void {
  const perMs = (track.sampleRate as number) / 1000;
  for (const [place, packet] of placesOf(packets, track)) {
    const endMs = (place + decoded(packet).length) / perMs;
    assert.ok(
      endMs >= packet.atMs - packetMs - lateMs && endMs <= packet.atMs + packetMs + lateMs,
      `the packet of ${packet.atMs} ms ends at ${endMs} ms`,
    );
  }
}
