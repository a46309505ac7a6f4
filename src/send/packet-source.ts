import { readFile } from 'node:fs/promises';
import { parseWav, resample } from '../audio/index.ts';
import { errorText, RstError } from '../errors.ts';
import { randomAt } from './random.ts';
import type { SourceSpec } from './source-spec.ts';
import type { WireFormat } from './wire-format.ts';

/**
 * The payloads of one leg, encoded once and shared by every call that plays them. A payload stays as it
 * is after it was handed out: a socket may still be sending it.
 */
export interface PacketSource {
  /** How many packets it plays before it has only silence to give; `null` where it never ends. */
  readonly packets: number | null;
  /** The payload of packet `index` (0, 1, …), always `packetBytes` long. */
  payload(index: number): Uint8Array;
}

/** @throws RstError RST_AUDIO_FILE where a WAV file cannot be read; RST_USAGE where the rate cannot carry a tone. */
export async function openSource(spec: SourceSpec, format: WireFormat): Promise<PacketSource> {
  switch (spec.kind) {
    case 'wav':
      return once(await readSamples(spec.path, format.sampleRate), format);
    case 'tone':
      return loop(toneSamples(spec.hz, format), format);
    case 'noise':
      return noise(spec.seed, format);
    case 'silence':
      return loop(new Int16Array(format.packetSamples), format);
  }
}

export interface LegSources {
  R: PacketSource;
  W: PacketSource;
}

/** Opens what the two legs play; the same audio on both is read and encoded once. */
export async function openLegSources(
  read: SourceSpec,
  write: SourceSpec,
  format: WireFormat,
): Promise<LegSources> {
  const R = await openSource(read, format);
  const isSame = JSON.stringify(read) === JSON.stringify(write);
  return { R, W: isSame ? R : await openSource(write, format) };
}

/** 16-bit samples `from` to `from + count` of `noise:SEED`: what a receiver compares with. */
export function noiseSamples(seed: number, from: number, count: number): Int16Array {
  return Int16Array.from({ length: count }, (_, i) => randomAt(seed, from + i));
}

async function readSamples(path: string, sampleRate: number): Promise<Int16Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new RstError('RST_AUDIO_FILE', `${path} cannot be read: ${errorText(error)}.`, {
      cause: error,
    });
  }
  try {
    const wav = parseWav(bytes);
    if (wav.samples.length === 0) throw new RstError('RST_AUDIO_FILE', 'It holds no audio.');
    return resample(firstChannel(wav.samples, wav.channels), wav.sampleRate, sampleRate);
  } catch (error) {
    throw new RstError('RST_AUDIO_FILE', `${path}: ${errorText(error)}`, { cause: error });
  }
}

function firstChannel(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples;
  return Int16Array.from(
    { length: samples.length / channels },
    (_, i) => samples[i * channels] as number,
  );
}

/** The samples once, the last packet filled up with silence, and silence for ever behind them. */
function once(samples: Int16Array, format: WireFormat): PacketSource {
  const packets = Math.ceil(samples.length / format.packetSamples);
  const bytes = new Uint8Array((packets + 1) * format.packetBytes).fill(format.silence);
  bytes.set(format.encode(samples));
  const views = packetViews(bytes, format.packetBytes);
  const silence = views.pop() as Uint8Array;
  return { packets, payload: (index) => views[index] ?? silence };
}

/** The samples, whole packets of them, again and again. */
function loop(samples: Int16Array, format: WireFormat): PacketSource {
  const views = packetViews(format.encode(samples), format.packetBytes);
  return { packets: null, payload: (index) => views[index % views.length] as Uint8Array };
}

function packetViews(bytes: Uint8Array, packetBytes: number): Uint8Array[] {
  return Array.from({ length: bytes.length / packetBytes }, (_, i) =>
    bytes.subarray(i * packetBytes, (i + 1) * packetBytes),
  );
}

/** Half of full scale, so that a few of them can be mixed. */
const TONE_PEAK = 16_384;

/** As many packets of a sine as it takes until one of whole hertz is back at its start: a second or a few. */
function toneSamples(hz: number, format: WireFormat): Int16Array {
  if (hz >= format.sampleRate / 2)
    throw new RstError(
      'RST_USAGE',
      `tone:${hz} is too high for ${format.sampleRate} Hz audio; stay below ${format.sampleRate / 2}.`,
    );
  let packets = 1;
  while ((packets * format.ptimeMs) % 1000 !== 0) packets++;
  const turn = (2 * Math.PI * hz) / format.sampleRate;
  // The phase is taken modulo one second, so that the rounding is the same in every second.
  return Int16Array.from({ length: packets * format.packetSamples }, (_, i) =>
    Math.round(TONE_PEAK * Math.sin(turn * (i % format.sampleRate))),
  );
}

/** Noise never repeats and may play for hours: made when asked for, the last ones kept for calls close behind. */
const NOISE_KEPT = 512;

function noise(seed: number, format: WireFormat): PacketSource {
  const kept: { index: number; payload: Uint8Array }[] = [];
  return {
    packets: null,
    payload(index) {
      const known = kept[index % NOISE_KEPT];
      if (known?.index === index) return known.payload;
      const samples = noiseSamples(seed, index * format.packetSamples, format.packetSamples);
      const payload = format.encode(samples);
      kept[index % NOISE_KEPT] = { index, payload };
      return payload;
    },
  };
}
