import { decode, type Packet, peakOf, type TimelineOutput } from '../audio/index.ts';
import { AppendFile } from './append-file.ts';
import { BLOCK_BYTES, type Block, type BlockPool } from './block.ts';
import { sha256Of } from './checksum.ts';
import type { PcmShape, RecordedFile, RecordingTags, SinkFormat } from './sink.ts';
import type { TrackName } from './track-name.ts';

/** Speech peaks well above this, line noise well below: -36 dBFS. */
const QUIET_PEAK = 500;
const BYTES_PER_SAMPLE = 2;

interface Sink {
  format: SinkFormat;
  file: AppendFile;
}

/** Decodes one track into blocks and hands each block to all of the track's files. */
export class TrackWriter implements TimelineOutput {
  readonly track: TrackName;
  readonly shape: PcmShape;
  readonly warnings: string[] = [];
  readonly #sinks: Sink[];
  readonly #pool: BlockPool;
  #block: Block | null = null;
  #dataBytes = 0;

  constructor(track: TrackName, shape: PcmShape, formats: readonly SinkFormat[], pool: BlockPool) {
    this.track = track;
    this.shape = shape;
    this.#pool = pool;
    this.#sinks = formats.map((format) => ({ format, file: new AppendFile(pool) }));
  }

  /** Creates the files `<stem>-<track>.<extension>.part`; resolves when each is open or has failed. */
  async open(stemPath: string): Promise<void> {
    await Promise.all(
      this.#sinks.map(({ format, file }) =>
        file.open(`${stemPath}-${this.track}.${format.extension}`, format.head(this.shape)),
      ),
    );
  }

  /** Gives up all files for a reason outside them. */
  abandon(error: unknown): void {
    for (const { file } of this.#sinks) file.abandon(error);
  }

  audio(packet: Packet): void {
    const { codec, bytes } = packet;
    const sampleBytes = codec === 'L16' ? 2 : 1;
    for (let done = 0; done < packet.samples; ) {
      const block = this.#current();
      const at = block.usedBytes / BYTES_PER_SAMPLE;
      const count = Math.min(packet.samples - done, block.samples.length - at);
      decode(codec, bytes, packet.start + done * sampleBytes, count, block.samples, at);
      this.#use(block, count);
      done += count;
    }
  }

  silence(samples: number): void {
    if (samples * BYTES_PER_SAMPLE > BLOCK_BYTES) {
      // Long silence costs no memory: the files get a hole.
      this.flush();
      this.#dataBytes += samples * BYTES_PER_SAMPLE;
      for (const { file } of this.#sinks) file.skip(samples * BYTES_PER_SAMPLE);
      return;
    }
    for (let left = samples; left > 0; ) {
      const block = this.#current();
      const at = block.usedBytes / BYTES_PER_SAMPLE;
      const count = Math.min(left, block.samples.length - at);
      block.samples.fill(0, at, at + count);
      this.#use(block, count);
      left -= count;
    }
  }

  isQuiet(packet: Packet): boolean {
    return peakOf(packet.codec, packet.bytes, packet.start, packet.samples) < QUIET_PEAK;
  }

  /** Hands what has gathered to the files. */
  flush(): void {
    const block = this.#block;
    if (!block) return;
    this.#block = null;
    block.writers = this.#sinks.length;
    for (const { file } of this.#sinks) file.append(block);
  }

  /** Makes the files final. What went wrong with one is a warning, and that file keeps its `.part`. */
  async finish(tags: RecordingTags, sync: boolean, base: string): Promise<RecordedFile[]> {
    this.flush();
    const files = await Promise.all(
      this.#sinks.map(async ({ format, file }): Promise<RecordedFile | null> => {
        const tail = format.tail(tags, this.#dataBytes);
        const head = format.finalHead(this.shape, this.#dataBytes, tail.length);
        const whole = await file.finish(head, tail, sync);
        if (!whole) {
          this.warnings.push(file.error?.message ?? `${file.path}: not finished`);
          return null;
        }
        const { sizeBytes, path } = file;
        const sha256 = await sha256Of(path);
        return {
          track: this.track,
          path: path.slice(base.length + 1),
          format: format.name,
          sizeBytes,
          sha256,
        };
      }),
    );
    return files.filter((file) => file !== null);
  }

  /** The block being filled, which has room. */
  #current(): Block {
    this.#block ??= this.#pool.take();
    return this.#block;
  }

  #use(block: Block, samples: number): void {
    block.usedBytes += samples * BYTES_PER_SAMPLE;
    this.#dataBytes += samples * BYTES_PER_SAMPLE;
    if (block.usedBytes === BLOCK_BYTES) this.flush();
  }
}
