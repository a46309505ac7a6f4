import wavefile from 'wavefile';
import type { RecordingTags, SinkFormat, SinkShape } from './sink.ts';

/** `JUNK` of 28 bytes keeps the place of a `ds64` chunk, for files beyond 4 GiB (EBU Tech 3306). */
const JUNK_BYTES = 28;
const JUNK_AT = 12;
/** RIFF counts what follows its size field. */
const RIFF_SIZE_AT = 4;
const RIFF_UNCOUNTED = 8;
/** wavefile's smallest file: RIFF, `fmt ` and an empty `data`; what it writes after that is our tail. */
const BARE_BYTES = 44;
/** What streaming writers put where a size is not known yet, and RF64 where it does not fit. */
const SIZE_UNKNOWN = 0xffffffff;
/** In the header of a codec that is not PCM: how many samples there are (`fact` chunk). */
const FACT_SAMPLES_FROM_DATA = -12;

/**
 * WAV, 16-bit PCM or G.711 (format tags 7 and 6). The headers are built by wavefile; the samples never
 * pass through it.
 *
 *     RIFF size WAVE | JUNK 28 | fmt  | fact, G.711 only | data size | samples … | LIST INFO tags
 *     RF64   -1 WAVE | ds64 28 | fmt  | …                | data   -1 |             beyond 4 GiB
 */
export const WAV: SinkFormat = {
  name: 'wav',
  extension: 'wav',
  head: (shape) => withSizes(prefix(shape), shape, SIZE_UNKNOWN, SIZE_UNKNOWN),
  finalHead(shape, dataBytes, tailBytes) {
    const bytes = prefix(shape);
    const riffBytes = bytes.length + dataBytes + tailBytes - RIFF_UNCOUNTED;
    return withSizes(bytes, shape, riffBytes, dataBytes);
  },
  tail(tags, dataBytes) {
    const list = infoList(tags);
    if (dataBytes % 2 === 0) return list;
    const padded = new Uint8Array(list.length + 1);
    padded.set(list, 1);
    return padded;
  },
};

function withSizes(
  bytes: Uint8Array,
  shape: SinkShape,
  riffBytes: number,
  dataBytes: number,
): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = Math.floor(dataBytes / shape.channels / (shape.codec === 'L16' ? 2 : 1));
  view.setUint32(RIFF_SIZE_AT, Math.min(riffBytes, SIZE_UNKNOWN), true);
  view.setUint32(bytes.length - 4, Math.min(dataBytes, SIZE_UNKNOWN), true);
  if (shape.codec !== 'L16')
    view.setUint32(bytes.length + FACT_SAMPLES_FROM_DATA, Math.min(samples, SIZE_UNKNOWN), true);
  if (riffBytes <= SIZE_UNKNOWN) return bytes;
  bytes.set(Buffer.from('RF64'), 0);
  bytes.set(Buffer.from('ds64'), JUNK_AT);
  view.setBigUint64(JUNK_AT + 8, BigInt(riffBytes), true);
  view.setBigUint64(JUNK_AT + 16, BigInt(dataBytes), true);
  view.setBigUint64(JUNK_AT + 24, BigInt(samples), true);
  return bytes;
}

const MAX_PREFIXES = 64;
const BIT_DEPTHS = { L16: '16', PCMU: '8m', PCMA: '8a' } as const;

/** What all files of a shape begin with; there are few shapes, and many files. */
const PREFIXES = new Map<string, Uint8Array>();

function prefix(shape: SinkShape): Uint8Array {
  const key = `${shape.codec} ${shape.sampleRate} ${shape.channels}`;
  let made = PREFIXES.get(key);
  if (made === undefined) {
    made = madePrefix(shape);
    if (PREFIXES.size < MAX_PREFIXES) PREFIXES.set(key, made);
  }
  return new Uint8Array(made);
}

function madePrefix(shape: SinkShape): Uint8Array {
  const wav = emptyWav(shape);
  // The typings leave the chunk out, the writer knows it.
  Object.assign(wav, {
    junk: { chunkId: 'JUNK', chunkSize: JUNK_BYTES, chunkData: new Array(JUNK_BYTES).fill(0) },
  });
  return wav.toBuffer();
}

function infoList(tags: RecordingTags): Uint8Array {
  const wav = emptyWav({ sampleRate: 8000, channels: 1, codec: 'L16' });
  wav.setTag('INAM', tags.title);
  wav.setTag('IART', tags.artist);
  wav.setTag('ICRD', tags.date);
  wav.setTag('ICMT', tags.comment);
  wav.setTag('ISFT', 'rst-server');
  return wav.toBuffer().subarray(BARE_BYTES);
}

function emptyWav({ sampleRate, channels, codec }: SinkShape) {
  const wav = new wavefile.WaveFile();
  wav.fromScratch(channels, sampleRate, BIT_DEPTHS[codec], new Int16Array(0));
  return wav;
}
