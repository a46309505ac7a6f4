import type { FileHandle } from 'node:fs/promises';
import type { PcmCodec } from '../audio/index.ts';
import type { SinkShape } from './sink.ts';
import { WAV } from './wav.ts';

/** Where `WAV` has what it says of the samples; `JUNK` or `ds64` of 28 bytes stands before it. */
const JUNK_AT = 12;
const LONG_DATA_BYTES_AT = JUNK_AT + 16;
const FMT_AT = 48;
const FORMAT_TAG_AT = FMT_AT + 8;
const CHANNELS_AT = FORMAT_TAG_AT + 2;
const RATE_AT = CHANNELS_AT + 2;
const LEAST_HEAD_BYTES = RATE_AT + 4;
const CODECS: ReadonlyMap<number, PcmCodec> = new Map([
  [1, 'L16'],
  [7, 'PCMU'],
  [6, 'PCMA'],
]);
const SIZE_UNKNOWN = 0xffffffff;
const MAX_HEAD_BYTES = 128;
/** Tags are shorter. */
const MAX_TAIL_BYTES = 1 << 14;

/** What is in a WAV file that was not made final. */
export interface WavPart {
  shape: SinkShape;
  headBytes: number;
  dataBytes: number;
}

/**
 * Reads of a WAV file of ours how much audio it has, in whole samples, wherever its writing ended: before its
 * head, for which `said` stands then, in the samples, or behind its tail. Null where nobody says what
 * the samples are. Rejects with the system's error.
 */
export async function readWavPart(
  file: FileHandle,
  sizeBytes: number,
  said: SinkShape | null,
): Promise<WavPart | null> {
  const head = new Uint8Array(MAX_HEAD_BYTES);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const written = bytesRead < LEAST_HEAD_BYTES ? null : shapeOf(head);
  const shape = written ?? said;
  if (!shape) return null;
  const headBytes = WAV.head(shape).length;
  const roomBytes = Math.max(0, sizeBytes - headBytes);
  const saidBytes = written && bytesRead >= headBytes ? dataBytesOf(head, headBytes) : null;
  const frameBytes = shape.channels * (shape.codec === 'L16' ? 2 : 1);
  const bytes =
    saidBytes !== null && saidBytes <= roomBytes
      ? saidBytes
      : await withoutTail(file, headBytes, roomBytes);
  return { shape, headBytes, dataBytes: bytes - (bytes % frameBytes) };
}

/** Null where it is no head of ours, as after a power cut. */
function shapeOf(head: Uint8Array): SinkShape | null {
  const view = new DataView(head.buffer);
  const isOurs =
    ['RIFF', 'RF64'].includes(tag(head, 0)) &&
    tag(head, 8) === 'WAVE' &&
    tag(head, FMT_AT) === 'fmt ';
  const codec = CODECS.get(view.getUint16(FORMAT_TAG_AT, true));
  const channels = view.getUint16(CHANNELS_AT, true);
  if (!isOurs || !codec || (channels !== 1 && channels !== 2)) return null;
  return { sampleRate: view.getUint32(RATE_AT, true), channels, codec };
}

/** Null as long as the final head is not written. */
function dataBytesOf(head: Uint8Array, headBytes: number): number | null {
  const view = new DataView(head.buffer);
  if (tag(head, JUNK_AT) === 'ds64') return Number(view.getBigUint64(LONG_DATA_BYTES_AT, true));
  const bytes = view.getUint32(headBytes - 4, true);
  return bytes === SIZE_UNKNOWN ? null : bytes;
}

/** The tail goes before the final head: without that it would be heard. */
async function withoutTail(file: FileHandle, startBytes: number, roomBytes: number) {
  const bytes = Buffer.alloc(Math.min(roomBytes, MAX_TAIL_BYTES));
  const from = startBytes + roomBytes - bytes.length;
  await file.read(bytes, 0, bytes.length, from);
  for (let at = bytes.indexOf('LIST'); at >= 0; at = bytes.indexOf('LIST', at + 1)) {
    if (at + 12 > bytes.length || bytes.toString('latin1', at + 8, at + 12) !== 'INFO') continue;
    if (at + 8 + bytes.readUInt32LE(at + 4) === bytes.length)
      return roomBytes - (bytes.length - at);
  }
  return roomBytes;
}

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
