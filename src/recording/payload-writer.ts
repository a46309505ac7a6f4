import { AppendFile } from './append-file.ts';
import type { BlockPool } from './block.ts';
import { BlockStream } from './block-stream.ts';
import { sha256Of } from './checksum.ts';
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

/** Opens a file once its folder and name are there. */
export type OpenFile = (file: AppendFile, suffix: string) => void;

/** Keeps the payloads of one track as they came: raw, and as hex text for people who look at packets. */
export class PayloadWriter {
  readonly track: TrackName;
  readonly warnings: string[] = [];
  readonly #pool: BlockPool;
  readonly #openFile: OpenFile;
  readonly #files: PayloadFile[] = [];
  #raw: PayloadFile | null = null;
  #hex: PayloadFile | null = null;

  constructor(track: TrackName, pool: BlockPool, openFile: OpenFile) {
    this.track = track;
    this.#pool = pool;
    this.#openFile = openFile;
  }

  /** Appends a payload to the raw file of its codec; a codec change begins a further file. */
  raw(codec: string | null, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#raw || this.#raw.codec !== codec) {
      this.#raw?.stream.flush();
      const number = this.#files.filter(({ format }) => format === 'raw').length + 1;
      const extension = EXTENSIONS[codec ?? ''] ?? 'raw';
      const suffix = number === 1 ? `.${extension}` : `.${number}.${extension}`;
      this.#raw = this.#start('raw', codec, suffix);
    }
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
    for (const { stream } of this.#files) stream.flush();
  }

  /** Makes the files final. What went wrong with one is a warning. */
  async finish(sync: boolean, base: string): Promise<RecordedFile[]> {
    this.flush();
    const finished = await Promise.all(
      this.#files.map(async ({ format, file }): Promise<RecordedFile | null> => {
        if (!(await file.finish(NOTHING, NOTHING, sync))) {
          this.warnings.push(file.error?.message ?? `${file.path}: not finished`);
          return null;
        }
        const { path, sizeBytes } = file;
        const sha256 = await sha256Of(path);
        return { track: this.track, path: path.slice(base.length + 1), format, sizeBytes, sha256 };
      }),
    );
    return finished.filter((file) => file !== null);
  }

  #start(format: 'raw' | 'hex', codec: string | null, suffix: string): PayloadFile {
    const file = new AppendFile(this.#pool);
    const started = { format, codec, file, stream: new BlockStream([file], this.#pool) };
    this.#files.push(started);
    this.#openFile(file, suffix);
    return started;
  }
}
