import { close, constants, fdatasync, ftruncate, open, write } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { RstError, systemCode } from '../errors.ts';
import type { Block, BlockPool } from './block.ts';
import { giveName, PART } from './give-name.ts';
import { writeAll } from './write-all.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const truncateFile = promisify(ftruncate);
const syncFile = promisify(fdatasync);

/** Files are for the service and its group. */
const FILE_MODE = 0o640;

type FileState = 'opening' | 'open' | 'failed' | 'closed';

/** Bytes of a block, which others may fill behind them. */
interface Part {
  block: Block;
  start: number;
  end: number;
}

/** The same byte many times over; zeros become a hole. */
interface Fill {
  byte: number;
  count: number;
}

/** Bytes that wait for their turn. */
type Piece = Part | Fill;

/** How much of a fill is written at once. */
const FILL_BYTES = 1 << 16;

/**
 * One file being written: pieces are appended in order, one write at a time, none on the caller's
 * path. The first error ends the file, not the caller: what was written stays, the rest is let go.
 */
export class AppendFile {
  /** Set by `open`. */
  path = '';
  /** What went wrong, once something did. */
  error: RstError | null = null;
  /** The file as long as it is not final; null before it is created and once it has its name. */
  partPath: string | null = null;

  readonly #pool: BlockPool;
  #state: FileState = 'opening';
  #fd = -1;
  #positionBytes = 0;
  #pieces: Piece[] = [];
  #writing = false;
  #whenIdle: (() => void) | null = null;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  get sizeBytes(): number {
    return this.#positionBytes;
  }

  /** Why the file is not final and where its bytes are, for people. */
  get complaint(): string {
    const reason = this.error?.message ?? `${this.path}: not finished`;
    if (this.partPath === null) return reason;
    return `${reason}; what was written is left in ${basename(this.partPath)}`;
  }

  /**
   * Creates `<path>.part` exclusively and writes `head`; what was appended before follows. An error is
   * kept in `error`, not thrown.
   */
  async open(path: string, head: Uint8Array): Promise<void> {
    this.path = path;
    try {
      const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR;
      const partPath = this.path + PART;
      this.#fd = await openFile(partPath, flags, FILE_MODE);
      this.partPath = partPath;
      await writeAll(this.#fd, head, 0);
      this.#positionBytes = head.length;
      this.#state = 'open';
    } catch (error) {
      this.#fail(error);
    }
    this.#pump();
  }

  /** Ends a file that could not be opened, for a reason that lies outside it. */
  abandon(error: unknown): void {
    this.#fail(error);
    this.#pump();
  }

  /** Appends bytes of a block, by default all it has; one hold on it is released once they are written. */
  append(block: Block, start = 0, end = block.usedBytes): void {
    const last = this.#pieces.at(-1);
    if (this.#state === 'failed') return this.#pool.release(block);
    if (!last || !('block' in last) || last.block !== block || last.end !== start)
      return this.#push({ block, start, end });
    // The disk is slow: what waits of a block is one write, however often it was flushed.
    last.end = end;
    this.#pool.release(block);
  }

  /** Appends `count` times the same byte; zeros as a hole, where the file system has them. */
  fill(byte: number, count: number): void {
    if (this.#state !== 'failed') this.#push({ byte, count });
  }

  /** Writes what is left and closes the file, which keeps its `.part`; what went wrong is in `error`. */
  async settle(): Promise<void> {
    await this.#idle();
    try {
      // Silence at the end has only moved the position so far.
      if (this.#state === 'open') await truncateFile(this.#fd, this.#positionBytes);
    } catch (error) {
      this.#fail(error);
    }
    await this.#closeFd();
  }

  /** Writes what is left, the tail and the final head, and gives the file its name. Returns whether the file is whole. */
  async finish(head: Uint8Array, tail: Uint8Array, sync: boolean): Promise<boolean> {
    await this.#idle();
    if (this.#state === 'open') {
      try {
        await writeAll(this.#fd, tail, this.#positionBytes);
        this.#positionBytes += tail.length;
        await truncateFile(this.#fd, this.#positionBytes);
        await writeAll(this.#fd, head, 0);
        if (sync) await syncFile(this.#fd);
      } catch (error) {
        this.#fail(error);
      }
    }
    await this.#closeFd();
    if (this.#state === 'failed') return false;
    this.#state = 'closed';
    try {
      await giveName(this.path + PART, this.path);
      this.partPath = null;
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #push(piece: Piece): void {
    this.#pieces.push(piece);
    if (this.#state === 'open' && !this.#writing) this.#pump();
  }

  #pump(): void {
    for (;;) {
      const piece = this.#state === 'open' ? this.#pieces.shift() : undefined;
      if (piece === undefined) break;
      if ('block' in piece) return this.#writePart(piece);
      if (piece.byte !== 0) return this.#writeFill(piece);
      this.#positionBytes += piece.count;
    }
    this.#writing = false;
    if (this.#state === 'failed') this.#letGo();
    this.#whenIdle?.();
  }

  #writePart({ block, start, end }: Part): void {
    this.#write(block.bytes, start, end, (error) => {
      this.#pool.release(block);
      if (error) this.#fail(error);
      this.#pump();
    });
  }

  #writeFill({ byte, count }: Fill): void {
    const bytes = new Uint8Array(Math.min(count, FILL_BYTES)).fill(byte);
    const next = (left: number): void => {
      const part = Math.min(left, bytes.length);
      this.#write(bytes, 0, part, (error) => {
        if (error) this.#fail(error);
        if (error || left === part) this.#pump();
        else next(left - part);
      });
    };
    next(count);
  }

  /** Writes bytes at the end of the file, whatever number of system calls that takes. */
  #write(bytes: Uint8Array, start: number, end: number, done: (error: Error | null) => void): void {
    this.#writing = true;
    let at = start;
    const next = (): void =>
      write(this.#fd, bytes, at, end - at, this.#positionBytes, (error, writtenBytes) => {
        if (error) return done(error);
        at += writtenBytes;
        this.#positionBytes += writtenBytes;
        if (at < end) next();
        else done(null);
      });
    next();
  }

  #idle(): Promise<void> {
    if (this.#state !== 'opening' && !this.#writing) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  #fail(error: unknown): void {
    this.#state = 'failed';
    this.error ??=
      error instanceof RstError
        ? error
        : new RstError(
            'RST_RECORDING',
            `${this.path}: writing ended with ${systemCode(error) ?? String(error)}`,
            { cause: error },
          );
    if (!this.#writing) this.#letGo();
  }

  #letGo(): void {
    for (const piece of this.#pieces) if ('block' in piece) this.#pool.release(piece.block);
    this.#pieces = [];
  }

  async #closeFd(): Promise<void> {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd >= 0) await closeFile(fd).catch((error: unknown) => this.#fail(error));
  }
}
