import { isBelow, isFiller, type Packet, type TimelineOutput } from '../audio/index.ts';
import { AppendFile } from './append-file.ts';
import { below } from './below.ts';
import { BLOCK_BYTES, type BlockPool } from './block.ts';
import { BlockStream } from './block-stream.ts';
import { sha256Of } from './checksum.ts';
import type { Disk } from './disk.ts';
import type { Encoder } from './encoder.ts';
import type { SinkPlan } from './formats.ts';
import { mergeSpans, type Span } from './merge-spans.ts';
import { noRoom } from './no-room.ts';
import type { Patience } from './patience.ts';
import type { RecordedFile, RecordingTags, SinkShape } from './sink.ts';
import type { TrackName } from './track-name.ts';
import { widthOf } from './write-block.ts';

/** Speech peaks well above this, line noise well below: -36 dBFS. */
const QUIET_PEAK = 500;

interface Sink {
  plan: SinkPlan;
  shape: SinkShape;
  file: AppendFile;
  stream: BlockStream;
}

/** Files that hold the same bytes are filled once. */
interface Lane {
  encoder: Encoder;
  stream: BlockStream;
}

/** Writes the samples of one track to all of its files. */
export class TrackWriter implements TimelineOutput {
  readonly track: TrackName;
  /** Hz */
  readonly sampleRate: number;
  readonly warnings: string[] = [];
  /** True once a file stays as `.part` for good. */
  leavesPart = false;
  /** The track's half of a stereo file, once it is settled. */
  half: AppendFile | null = null;
  readonly #sinks: Sink[] = [];
  readonly #lanes: Lane[] = [];
  readonly #disk: Disk;

  constructor(
    track: TrackName,
    sampleRate: number,
    plans: readonly SinkPlan[],
    pool: BlockPool,
    patience: Patience,
  ) {
    this.track = track;
    this.sampleRate = sampleRate;
    this.#disk = patience.disk;
    for (const encoder of new Set(plans.map((plan) => plan.encoder))) {
      const shared = plans.filter((plan) => plan.encoder === encoder);
      const { silence } = encoder;
      const files = shared.map(() => new AppendFile(pool, patience, silence));
      const stream = new BlockStream(files, pool, patience.disk, silence);
      this.#lanes.push({ encoder, stream });
      shared.forEach((plan, i) => {
        const shape: SinkShape = { sampleRate, channels: 1, codec: plan.codec };
        this.#sinks.push({ plan, shape, file: files[i] as AppendFile, stream });
      });
    }
  }

  /** Creates the files `<stem>-<track>.<extension>.part`; resolves when each is open or has failed. */
  async open(stemPath: string): Promise<void> {
    await Promise.all(
      this.#sinks.map(({ plan, shape, file }) =>
        file.open(`${stemPath}-${this.track}.${plan.format.extension}`, plan.format.head(shape)),
      ),
    );
  }

  /** Gives up all files for a reason outside them. */
  abandon(error: unknown): void {
    for (const { file } of this.#sinks) file.abandon(error);
  }

  /** `[atSample, samples]` of what is silence because there was no memory to wait for the disk in. */
  get unwritten(): Span[] {
    return mergeSpans(
      this.#lanes.flatMap(({ encoder: { bytesPerSample }, stream }) =>
        stream.lost.map(([at, bytes]): Span => [at / bytesPerSample, bytes / bytesPerSample]),
      ),
    );
  }

  audio(packet: Packet): void {
    if (packet.codec !== 'PCMU' && isFiller(packet)) return this.silence(packet.samples);
    for (const { encoder, stream } of this.#lanes) {
      const { bytesPerSample } = encoder;
      const codesOf = encoder.keptAs(packet.codec);
      const width = bytesPerSample / widthOf(codesOf);
      for (let done = 0; done < packet.samples; ) {
        const block = stream.current(codesOf);
        if (block === null) {
          stream.lose((packet.samples - done) * bytesPerSample);
          break;
        }
        const room = Math.floor((BLOCK_BYTES - block.usedBytes) / width);
        const count = Math.min(packet.samples - done, room);
        encoder.encode(packet, done, count, block);
        stream.use(block, count * width);
        done += count;
      }
    }
  }

  silence(samples: number): void {
    for (const { encoder, stream } of this.#lanes)
      stream.fill(encoder.silence, samples * encoder.bytesPerSample);
  }

  isQuiet(packet: Packet): boolean {
    return isBelow(QUIET_PEAK, packet.codec, packet.payload, 0, packet.samples);
  }

  /** Hands what has gathered to the files. */
  flush(): void {
    for (const { stream } of this.#lanes) stream.flush();
  }

  /** Makes the files final. What went wrong with one is a warning, and that file keeps its `.part`. */
  async finish(tags: RecordingTags, sync: boolean, base: string): Promise<RecordedFile[]> {
    for (const { stream } of this.#lanes) stream.end();
    const files = await Promise.all(
      this.#sinks.map((sink) =>
        sink.plan.temporary ? this.#finishHalf(sink) : this.#finishFile(sink, tags, sync, base),
      ),
    );
    const samples = this.unwritten.reduce((sum, [, count]) => sum + count, 0);
    if (samples > 0)
      this.warnings.push(
        `${this.track}: ${seconds(samples, this.sampleRate)} of audio are silence, because ${noRoom(this.#disk)}; \`unwritten\` says where`,
      );
    for (const { plan, file } of this.#sinks)
      if (file.goneBytes > 0) {
        const gone = file.goneBytes / (plan.codec === 'L16' ? 2 : 1);
        this.warnings.push(
          `${file.path}: ${seconds(gone, this.sampleRate)} of audio were gone when the disk came back, and are silence`,
        );
      }
    return files.filter((file) => file !== null);
  }

  async #finishFile(
    { plan, shape, file, stream }: Sink,
    tags: RecordingTags,
    sync: boolean,
    base: string,
  ): Promise<RecordedFile | null> {
    const tail = plan.format.tail(tags, stream.bytes);
    const head = plan.format.finalHead(shape, stream.bytes, tail.length);
    if (!(await file.finish(head, tail, sync))) {
      this.warnings.push(file.complaint);
      this.leavesPart ||= file.partPath !== null;
      return null;
    }
    const path = below(base, file.path);
    const sha256 = await sha256Of(file.path);
    const { sizeBytes } = file;
    return { track: this.track, path, format: plan.format.name, sizeBytes, sha256 };
  }

  async #finishHalf({ file }: Sink): Promise<null> {
    await file.settle();
    this.half = file;
    return null;
  }
}

function seconds(samples: number, sampleRate: number): string {
  return `${Math.round((samples / sampleRate) * 1000) / 1000} s`;
}
