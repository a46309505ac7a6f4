import wavefile from 'wavefile';
import type { PcmShape, RecordingTags, SinkFormat } from './sink.ts';

/** `JUNK` of 28 bytes keeps the place of a `ds64` chunk, for files beyond 4 GiB (EBU Tech 3306). */
const JUNK_BYTES = 28;
/** Offset of the RIFF size, and how many bytes of a RIFF file it does not count. */
const RIFF_SIZE_AT = 4;
const RIFF_UNCOUNTED = 8;
/** wavefile's smallest file: RIFF, `fmt ` and an empty `data`; what it writes after that is our tail. */
const BARE_BYTES = 44;
/** What streaming writers put where a size is not known yet. */
const SIZE_UNKNOWN = 0xffffffff;

/**
 * 16-bit PCM WAV. The headers are built by wavefile; the samples never pass through it.
 *
 *     RIFF size WAVE | JUNK 28 | fmt  16 | data size | samples … | LIST INFO tags
 */
export const WAV: SinkFormat = {
  name: 'wav',
  extension: 'wav',
  head: (shape) => withSizes(prefix(shape), SIZE_UNKNOWN, SIZE_UNKNOWN),
  finalHead(shape, dataBytes, tailBytes) {
    const bytes = prefix(shape);
    const riffBytes = bytes.length + dataBytes + tailBytes - RIFF_UNCOUNTED;
    return withSizes(bytes, Math.min(riffBytes, SIZE_UNKNOWN), Math.min(dataBytes, SIZE_UNKNOWN));
  },
  tail(tags, dataBytes) {
    const list = infoList(tags);
    if (dataBytes % 2 === 0) return list;
    const padded = new Uint8Array(list.length + 1);
    padded.set(list, 1);
    return padded;
  },
};

function withSizes(bytes: Uint8Array, riffBytes: number, dataBytes: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(RIFF_SIZE_AT, riffBytes, true);
  view.setUint32(bytes.length - 4, dataBytes, true);
  return bytes;
}

function prefix(shape: PcmShape): Uint8Array {
  const wav = emptyWav(shape.sampleRate);
  // The typings leave the chunk out, the writer knows it.
  Object.assign(wav, {
    junk: { chunkId: 'JUNK', chunkSize: JUNK_BYTES, chunkData: new Array(JUNK_BYTES).fill(0) },
  });
  return wav.toBuffer();
}

function infoList(tags: RecordingTags): Uint8Array {
  const wav = emptyWav(8000);
  wav.setTag('INAM', tags.title);
  wav.setTag('IART', tags.artist);
  wav.setTag('ICRD', tags.date);
  wav.setTag('ICMT', tags.comment);
  wav.setTag('ISFT', 'rst-server');
  return wav.toBuffer().subarray(BARE_BYTES);
}

function emptyWav(sampleRate: number) {
  const wav = new wavefile.WaveFile();
  wav.fromScratch(1, sampleRate, '16', new Int16Array(0));
  return wav;
}
