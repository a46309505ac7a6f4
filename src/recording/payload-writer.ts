import { AppendFile } from './append-file.ts';
import { below } from './below.ts';
import type { BlockPool } from './block.ts';
import { BlockStream } from './block-stream.ts';
import { sha256Of } from './checksum.ts';
import { noRoom } from './no-room.ts';
import type { Patience } from './patience.ts';
import type { RecordedFile } from './sink.ts';
import type { TrackName } from './track-name.ts';

/** Endings of raw files by codec; what has no name here is `.raw`. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  PCMU: 'ulaw',
  PCMA: 'alaw',
  G729: 'g729',
  G723: 'g723',
  L16: 'l16',
};
const NOTHING = new Uint8Array(0);

interface PayloadFile {
  format: 'raw' | 'hex';
  codec: string | null;
  file: AppendFile;
  stream: BlockStream;
}

/** A further file for each codec change, up to so many; what comes then stays in the last one. */
const MAX_RAW_FILES = 16;

/** Opens a file once its folder and name are there. */
export type OpenFile = (file: AppendFile, suffix: string) => void;

/** Keeps the payloads of one track as they came: raw, and as hex text for people who look at packets. */
export class PayloadWriter {
  readonly track: TrackName;
  readonly warnings: string[] = [];
  /** True once a file stays as `.part` for good. */
  leavesPart = false;
  readonly #pool: BlockPool;
  readonly #patience: Patience;
  readonly #openFile: OpenFile;
  /** Made final at `sync` and below the folder `base`, as all files of the recording. */
  readonly #sync: boolean;
  readonly #base: string;
  readonly #finished: Promise<RecordedFile | null>[] = [];
  #rawFiles = 0;
  #raw: PayloadFile | null = null;
  #hex: PayloadFile | null = null;

  constructor(
    track: TrackName,
    pool: BlockPool,
    patience: Patience,
    openFile: OpenFile,
    sync: boolean,
    base: string,
  ) {
    this.track = track;
    this.#pool = pool;
    this.#patience = patience;
    this.#openFile = openFile;
    this.#sync = sync;
    this.#base = base;
  }

  /** Appends a payload to the raw file of its codec; a codec change ends that file and begins a further one. */
  raw(codec: string | null, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#raw || this.#raw.codec !== codec) this.#raw = this.#nextRaw(codec);
    this.#raw.stream.append(bytes, start, end);
  }

  /** Appends a payload as one line of hex text. */
  hex(bytes: Uint8Array, start: number, end: number): void {
    this.#hex ??= this.#start('hex', null, '.hex');
    let line = '';
    for (let i = start; i < end; i++)
      line += `${i > start ? ' ' : ''}0x${(bytes[i] as number).toString(16).padStart(2, '0')}`;
    const text = Buffer.from(`${line}\n`, 'latin1');
    this.#hex.stream.append(text, 0, text.length);
  }

  flush(): void {
    this.#raw?.stream.flush();
    this.#hex?.stream.flush();
  }

  /** Makes the files final. What went wrong with one is a warning. */
  async finish(): Promise<RecordedFile[]> {
    for (const file of [this.#raw, this.#hex]) if (file) this.#finished.push(this.#finish(file));
    const finished = await Promise.all(this.#finished);
    return finished.filter((file) => file !== null);
  }

  #nextRaw(codec: string | null): PayloadFile {
    const before = this.#raw;
    if (before && this.#rawFiles === MAX_RAW_FILES) {
      const name = before.codec ?? 'unknown';
      const text = `${this.track}: the codec changed more than ${MAX_RAW_FILES - 1} times; what came after that is in the last raw file, of ${name}`;
      if (!this.warnings.includes(text)) this.warnings.push(text);
      return before;
    }
    if (before) this.#finished.push(this.#finish(before));
    const number = ++this.#rawFiles;
    const extension = EXTENSIONS[codec ?? ''] ?? 'raw';
    return this.#start('raw', codec, number === 1 ? `.${extension}` : `.${number}.${extension}`);
  }

  #start(format: 'raw' | 'hex', codec: string | null, suffix: string): PayloadFile {
    const file = new AppendFile(this.#pool, this.#patience);
    this.#openFile(file, suffix);
    const stream = new BlockStream([file], this.#pool, this.#patience.disk, null);
    return { format, codec, file, stream };
  }

  async #finish({ format, file, stream }: PayloadFile): Promise<RecordedFile | null> {
    stream.end();
    if (stream.lostBytes > 0)
      this.warnings.push(
        `${this.track}: ${stream.lostBytes} bytes of payload are missing in the ${format} file, because ${noRoom(this.#patience.disk)}`,
      );
    if (!(await file.finish(NOTHING, NOTHING, this.#sync))) {
      this.warnings.push(file.complaint);
      this.leavesPart ||= file.partPath !== null;
      return null;
    }
    if (file.goneBytes > 0)
      this.warnings.push(`${file.path}: ${file.goneBytes} bytes were gone when the disk came back`);
    const { path, sizeBytes } = file;
    const sha256 = await sha256Of(path);
    return { track: this.track, path: below(this.#base, path), format, sizeBytes, sha256 };
  }
}
