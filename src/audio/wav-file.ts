import { RstError } from '../errors.ts';
import { ALAW_TO_LINEAR, ULAW_TO_LINEAR } from './g711.ts';

export type WavEncoding = 'pcm16' | 'pcm8' | 'ulaw' | 'alaw';

/** A WAV file's audio. `samples` are interleaved by channel and decoded to 16 bits. */
export interface WavFile {
  sampleRate: number;
  channels: number;
  encoding: WavEncoding;
  samples: Int16Array;
}

/** `wFormatTag` of a `fmt ` chunk (RFC 2361). */
const FORMAT_PCM = 0x0001;
const FORMAT_FLOAT = 0x0003;
const FORMAT_ALAW = 0x0006;
const FORMAT_MULAW = 0x0007;
const FORMAT_EXTENSIBLE = 0xfffe;

/** A size of 32 bits that says "look into ds64" (RF64) or "not known when the head was written" (a pipe). */
const SIZE_UNKNOWN = 0xffffffff;
const MIN_SAMPLE_RATE = 1000;
const MAX_SAMPLE_RATE = 768_000;

/**
 * Reads a WAV file's bytes: 16-bit and 8-bit PCM, μ-law and A-law, any number of channels.
 *
 *     "RIFF" size "WAVE"   { id size bytes [pad to even] } …
 *     "RF64" -1   "WAVE"   "ds64" …: sizes of 64 bits (EBU Tech 3306)
 *                          "fmt " tag channels rate bytes/s align bits [extension: … subformat]
 *                          "data" samples
 *
 * Other chunks are passed over wherever they stand. A data chunk that says more than the file holds
 * (cut short, or written to a pipe) ends where the file ends.
 *
 * @throws RstError RST_AUDIO_FILE where the bytes are no WAV file or the encoding is none of these.
 */
export function parseWav(bytes: Uint8Array): WavFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isRf64 = bytes.length >= 12 && tag(view, 0) === 'RF64';
  if (bytes.length < 12 || !(isRf64 || tag(view, 0) === 'RIFF') || tag(view, 8) !== 'WAVE')
    throw refuse('this is no WAV file: it does not begin with RIFF and WAVE');
  let format: Format | undefined;
  let longDataBytes: number | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = tag(view, at);
    const start = at + 8;
    const left = bytes.length - start;
    let size = view.getUint32(at + 4, true);
    if (id === 'ds64' && isRf64 && Math.min(size, left) >= 16)
      longDataBytes = Number(view.getBigUint64(start + 8, true));
    else if (id === 'fmt ') format = readFormat(view, start, Math.min(size, left));
    else if (id === 'data') {
      if (!format) throw refuse('its data comes before its fmt chunk');
      if (size === SIZE_UNKNOWN) size = longDataBytes ?? left;
      return decode(format, bytes.subarray(start, start + Math.min(size, left)));
    }
    at = start + size + (size & 1);
  }
  throw refuse(format ? 'it has no data chunk' : 'it has no fmt chunk');
}

interface Format {
  encoding: WavEncoding;
  channels: number;
  sampleRate: number;
}

function readFormat(view: DataView, start: number, size: number): Format {
  if (size < 16) throw refuse('its fmt chunk is too short');
  const bits = view.getUint16(start + 14, true);
  let formatTag = view.getUint16(start, true);
  // WAVE_FORMAT_EXTENSIBLE: the subformat GUID begins with the tag it stands for.
  if (formatTag === FORMAT_EXTENSIBLE && size >= 26) formatTag = view.getUint16(start + 24, true);
  const channels = view.getUint16(start + 2, true);
  const sampleRate = view.getUint32(start + 4, true);
  if (channels < 1) throw refuse('it has no channel');
  if (sampleRate < MIN_SAMPLE_RATE || sampleRate > MAX_SAMPLE_RATE)
    throw refuse(`its sample rate of ${sampleRate} Hz is none that can be played`);
  return { encoding: encodingOf(formatTag, bits), channels, sampleRate };
}

function encodingOf(formatTag: number, bits: number): WavEncoding {
  if (formatTag === FORMAT_PCM && bits === 16) return 'pcm16';
  if (formatTag === FORMAT_PCM && bits === 8) return 'pcm8';
  if (formatTag === FORMAT_MULAW && bits === 8) return 'ulaw';
  if (formatTag === FORMAT_ALAW && bits === 8) return 'alaw';
  const name =
    formatTag === FORMAT_PCM
      ? `${bits}-bit PCM`
      : formatTag === FORMAT_FLOAT
        ? `${bits}-bit float`
        : `format 0x${formatTag.toString(16).padStart(4, '0')} with ${bits} bits`;
  throw refuse(`it holds ${name}; 16-bit PCM, 8-bit PCM, mu-law and A-law can be read`);
}

/** Whole frames only: what is left of a frame cut short is no sample of any channel. */
function decode(format: Format, data: Uint8Array): WavFile {
  const { encoding, channels } = format;
  const width = encoding === 'pcm16' ? 2 : 1;
  const count = Math.floor(data.length / (channels * width)) * channels;
  const samples = new Int16Array(count);
  if (encoding === 'pcm16') {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let i = 0; i < count; i++) samples[i] = view.getInt16(2 * i, true);
  } else if (encoding === 'pcm8') {
    // 8-bit PCM is the one unsigned encoding of WAV: 128 is silence.
    for (let i = 0; i < count; i++) samples[i] = ((data[i] as number) - 128) << 8;
  } else {
    const table = encoding === 'ulaw' ? ULAW_TO_LINEAR : ALAW_TO_LINEAR;
    for (let i = 0; i < count; i++) samples[i] = table[data[i] as number] as number;
  }
  return { ...format, samples };
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  );
}

function refuse(why: string): RstError {
  return new RstError('RST_AUDIO_FILE', `Cannot read the WAV file: ${why}.`);
}
