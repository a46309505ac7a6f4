import { createReadStream, type ReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { StreamResampler } from '../audio/index.ts';
import { sha256Of } from './checksum.ts';
import { giveName, PART } from './give-name.ts';
import type { RecordedFile, RecordingTags, SinkShape } from './sink.ts';
import { WAV } from './wav.ts';

const FILE_MODE = 0o640;
const READ_BYTES = 1 << 16;

/** One channel: 16-bit samples without a header. */
export interface Half {
  path: string;
  /** Hz */
  sampleRate: number;
}

/**
 * Joins both halves to `<stemPath>.wav`, left R and right W, at the rate of the left one, and removes
 * them. It is done once a call is over, because either leg may be silent for hours and only then be known
 * to have been: holding the other back until then would take memory without bound. Rejects with the
 * system's error.
 */
export async function joinStereo(
  stemPath: string,
  left: Half,
  right: Half,
  tags: RecordingTags,
  sync: boolean,
): Promise<Omit<RecordedFile, 'path'> & { absolutePath: string }> {
  const path = `${stemPath}.wav`;
  const shape: SinkShape = { sampleRate: left.sampleRate, channels: 2, codec: 'L16' };
  const file = await open(path + PART, 'wx', FILE_MODE);
  let sizeBytes: number;
  try {
    const head = WAV.head(shape);
    await file.write(head, 0, head.length, 0);
    const dataBytes = await interleave(file, head.length, left, right);
    const tail = WAV.tail(tags, dataBytes);
    await file.write(tail, 0, tail.length, head.length + dataBytes);
    const final = WAV.finalHead(shape, dataBytes, tail.length);
    await file.write(final, 0, final.length, 0);
    if (sync) await file.datasync();
    sizeBytes = head.length + dataBytes + tail.length;
  } finally {
    await file.close();
  }
  await giveName(path + PART, path);
  await Promise.all([rm(left.path), rm(right.path)]);
  const sha256 = await sha256Of(path);
  return { track: null, format: 'stereo', sizeBytes, sha256, absolutePath: path };
}

/** Writes both channels, the shorter one filled up with silence; returns the bytes. */
async function interleave(file: FileHandle, at: number, left: Half, right: Half): Promise<number> {
  const lefts = new SampleReader(left, left.sampleRate);
  const rights = new SampleReader(right, left.sampleRate);
  let dataBytes = 0;
  try {
    for (;;) {
      const [l, r] = [await lefts.take(READ_BYTES / 2), await rights.take(READ_BYTES / 2)];
      const count = Math.max(l.length, r.length);
      if (count === 0) return dataBytes;
      const both = new Int16Array(2 * count);
      for (let i = 0; i < count; i++) {
        both[2 * i] = l[i] ?? 0;
        both[2 * i + 1] = r[i] ?? 0;
      }
      const bytes = new Uint8Array(both.buffer);
      await file.write(bytes, 0, bytes.length, at + dataBytes);
      dataBytes += bytes.length;
    }
  } finally {
    lefts.close();
    rights.close();
  }
}

/** Reads samples of a file piece by piece, at another rate where asked. */
class SampleReader {
  readonly #stream: ReadStream;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #resampler: StreamResampler | null;
  #rest = new Int16Array(0);

  constructor({ path, sampleRate }: Half, toRate: number) {
    this.#stream = createReadStream(path, { highWaterMark: READ_BYTES });
    this.#chunks = this.#stream[Symbol.asyncIterator]();
    this.#resampler = sampleRate === toRate ? null : new StreamResampler(sampleRate, toRate);
  }

  close(): void {
    this.#stream.destroy();
  }

  /** The next `count` samples, fewer at the end of the file. */
  async take(count: number): Promise<Int16Array> {
    while (this.#rest.length < count) {
      const { value, done } = await this.#chunks.next();
      if (done) break;
      const samples = new Int16Array(Uint8Array.from(value as Buffer).buffer);
      const converted = this.#resampler?.process(samples) ?? samples;
      const joined = new Int16Array(this.#rest.length + converted.length);
      joined.set(this.#rest);
      joined.set(converted, this.#rest.length);
      this.#rest = joined;
    }
    const taken = this.#rest.slice(0, count);
    this.#rest = this.#rest.slice(count);
    return taken;
  }
}
