import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { AudioName } from './audio-name.ts';
import { g711, LINEAR } from './encoder.ts';
import { PCM } from './pcm.ts';
import type { JournalTrack } from './read-journal.ts';
import type { SinkFormat, SinkShape } from './sink.ts';
import type { TrackName } from './track-name.ts';
import { WAV } from './wav.ts';
import { readWavPart } from './wav-part.ts';

/** A file that holds the samples of one track, as it was found. */
export interface SampleFile extends AudioName {
  track: TrackName;
  /** In its folder. */
  name: string;
  format: SinkFormat;
  shape: SinkShape;
  /** Silence, of which every byte is this. */
  silence: number;
  dataBytes: number;
  /** Of one sample. */
  sampleBytes: 1 | 2;
}

/** Endings of files that hold samples; `stereo` is one channel of the later stereo file. */
const FORMATS: ReadonlyMap<string, SinkFormat> = new Map([
  ['wav', WAV],
  ['pcm', PCM],
  ['stereo', PCM],
]);

export function isSampleFile(name: AudioName): name is AudioName & { track: TrackName } {
  return name.track !== null && FORMATS.has(name.extension);
}

/**
 * Measures a file of samples. `said` is what the journal has of its track. Null where neither that nor the
 * file says what it holds. Rejects with the system's error.
 */
export async function readSampleFile(
  folder: string,
  name: string,
  kind: AudioName & { track: TrackName },
  said: JournalTrack | null,
): Promise<SampleFile | null> {
  const format = FORMATS.get(kind.extension) as SinkFormat;
  const file = await open(join(folder, name));
  try {
    const { size } = await file.stat();
    const linear: SinkShape | null = said && {
      sampleRate: said.sampleRate,
      channels: 1,
      codec: 'L16',
    };
    if (format === PCM) return linear && sampleFile(name, kind, format, linear, size - (size % 2));
    const isNative = said?.wavCodec === 'native';
    const shape = linear && isNative ? { ...linear, codec: said.codec } : linear;
    const wav = await readWavPart(file, size, shape);
    return wav && sampleFile(name, kind, format, wav.shape, wav.dataBytes);
  } finally {
    await file.close();
  }
}

function sampleFile(
  name: string,
  kind: AudioName & { track: TrackName },
  format: SinkFormat,
  shape: SinkShape,
  dataBytes: number,
): SampleFile {
  const encoder = shape.codec === 'L16' ? LINEAR : g711(shape.codec);
  const { bytesPerSample: sampleBytes, silence } = encoder;
  return { ...kind, name, format, shape, silence, dataBytes, sampleBytes };
}
