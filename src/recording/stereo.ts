import { type FileHandle, open, unlink } from 'node:fs/promises';
import { StreamResampler } from '../audio/index.ts';
import { sha256Of } from './checksum.ts';
import { Disk } from './disk.ts';
import { giveName, PART } from './give-name.ts';
import type { RecordedFile, RecordingTags, SinkShape } from './sink.ts';
import { WAV } from './wav.ts';
import { writeAll } from './write-all.ts';

const FILE_MODE = 0o640;
const READ_BYTES = 1 << 16;

/** One channel: 16-bit samples without a header. */
export interface Half {
  path: string;
  /** Hz */
  sampleRate: number;
}

/**
 * Joins both halves to `<stemPath>.wav`, left R and right W, at the rate of the left one; where a half is
 * missing or ends early its side is silent. It is done once a call is over, because either leg may be
 * silent for hours and only then be known to have been: holding the other back until then would take
 * memory without bound. The halves stay where they are. Rejects with the system's error, and then leaves
 * nothing else behind. `disk` hears of every step.
 */
export async function joinStereo(
  stemPath: string,
  left: Half | null,
  right: Half | null,
  tags: RecordingTags,
  sync: boolean,
  disk = new Disk(),
): Promise<Omit<RecordedFile, 'path'> & { absolutePath: string }> {
  const path = `${stemPath}.wav`;
  const sampleRate = (left ?? right)?.sampleRate ?? 8000;
  const shape: SinkShape = { sampleRate, channels: 2, codec: 'L16' };
  const file = await open(path + PART, 'wx', FILE_MODE);
  let sizeBytes: number;
  try {
    try {
      const head = WAV.head(shape);
      await writeAll(file.fd, head, 0);
      const dataBytes = await interleave(file, head.length, left, right, sampleRate, disk);
      const tail = WAV.tail(tags, dataBytes);
      await writeAll(file.fd, tail, head.length + dataBytes);
      await writeAll(file.fd, WAV.finalHead(shape, dataBytes, tail.length), 0);
      if (sync) await file.datasync();
      sizeBytes = head.length + dataBytes + tail.length;
    } finally {
      await file.close();
    }
    await giveName(path + PART, path);
  } catch (error) {
    // All that is in it is in the halves too.
    await unlink(path + PART).catch(() => {});
    throw error;
  }
  const sha256 = await sha256Of(path);
  return { track: null, format: 'stereo', sizeBytes, sha256, absolutePath: path };
}

/** Writes both channels, the shorter one filled up with silence; returns the bytes. */
async function interleave(
  file: FileHandle,
  at: number,
  left: Half | null,
  right: Half | null,
  sampleRate: number,
  disk: Disk,
): Promise<number> {
  const lefts = new SampleReader(left, sampleRate);
  const rights = new SampleReader(right, sampleRate);
  let dataBytes = 0;
  let sinceMs = disk.begin();
  try {
    for (;;) {
      // The whole may take long, each step may not.
      disk.end(sinceMs);
      sinceMs = disk.begin();
      const [l, r] = [await lefts.take(READ_BYTES / 2), await rights.take(READ_BYTES / 2)];
      const count = Math.max(l.length, r.length);
      if (count === 0) return dataBytes;
      const both = new Int16Array(2 * count);
      for (let i = 0; i < count; i++) {
        both[2 * i] = l[i] ?? 0;
        both[2 * i + 1] = r[i] ?? 0;
      }
      const bytes = new Uint8Array(both.buffer);
      await writeAll(file.fd, bytes, at + dataBytes);
      dataBytes += bytes.length;
    }
  } finally {
    disk.end(sinceMs);
    await lefts.close();
    await rights.close();
  }
}

/** Reads samples of a file piece by piece, at another rate where asked; without a file there are none. */
class SampleReader {
  readonly #half: Half | null;
  readonly #resampler: StreamResampler | null;
  #file: FileHandle | null = null;
  #positionBytes = 0;
  #rest = new Int16Array(0);

  constructor(half: Half | null, toRate: number) {
    this.#half = half;
    const fromRate = half?.sampleRate ?? toRate;
    this.#resampler = fromRate === toRate ? null : new StreamResampler(fromRate, toRate);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  /** The next `count` samples, fewer at the end of the file. */
  async take(count: number): Promise<Int16Array> {
    while (this.#rest.length < count) {
      const samples = await this.#read();
      if (samples.length === 0) break;
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

  /** What comes next; half a sample, as a full disk may leave at the end, is none. */
  async #read(): Promise<Int16Array> {
    if (!this.#half) return new Int16Array(0);
    this.#file ??= await open(this.#half.path);
    const samples = new Int16Array(READ_BYTES / 2);
    const bytes = new Uint8Array(samples.buffer);
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, this.#positionBytes);
    const count = Math.floor(bytesRead / 2);
    this.#positionBytes += 2 * count;
    return samples.subarray(0, count);
  }
}
