import { close, constants, fdatasync, fstat, ftruncate, open, stat } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { RstError, systemCode } from '../errors.ts';
import type { Block, BlockPool, CodesOf } from './block.ts';
import { canHeal } from './can-heal.ts';
import { FILE_MODE } from './disk-access.ts';
import { giveName, PART } from './give-name.ts';
import type { Patience } from './patience.ts';
import type { Fill, Part, Piece } from './piece.ts';
import { reopen } from './reopen.ts';
import { writeAll } from './write-all.ts';
import { widthOf } from './write-block.ts';
import { writingEnded } from './writing-ended.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const truncateFile = promisify(ftruncate);
const syncFile = promisify(fdatasync);
const statFile = promisify(fstat);
const statPath = promisify(stat);

/** For want of room the file is still the same one; after anything else it may have to be opened anew. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

type FileState = 'opening' | 'open' | 'failed' | 'closed';

/** How much of a fill is written at once. */
const FILL_BYTES = 1 << 16;

/**
 * One file being written: pieces are appended in order, one write at a time, none on the caller's
 * path. While the disk fails they wait, and go on where they were; an error that does not heal, or the end
 * of patience, ends the file, not the caller: what was written stays, the rest is let go.
 */
export class AppendFile {
  /** Set by `open`. */
  path = '';
  /** What went wrong, once something did. */
  error: RstError | null = null;
  /** The file as long as it is not final; null before it is created and once it has its name. */
  partPath: string | null = null;
  /** Bytes that had been written, and were gone when the disk came back. */
  goneBytes = 0;

  readonly #pool: BlockPool;
  readonly #patience: Patience;
  /** What stands for bytes that are gone; null: nothing does. */
  readonly #silence: number | null;
  readonly #unwatch: () => void;
  #state: FileState = 'opening';
  #fd = -1;
  #inode = 0;
  #positionBytes = 0;
  /** Up to there bytes were written; what follows, up to the position, is a hole. */
  #writtenBytes = 0;
  /** As many are on the disk, where that is wanted. */
  #syncedBytes = 0;
  /** The system has told that some are not there. */
  #syncError: RstError | null = null;
  #pieces: Piece[] = [];
  /** Pieces are being written, or wait for the disk. */
  #writing = false;
  /** Something else is done with the open file. */
  #stepping = false;
  #whenIdle: (() => void) | null = null;
  /** What it tries again once that is worth it. */
  #retry: (() => void) | null = null;
  #lastError: unknown = null;

  constructor(pool: BlockPool, patience: Patience, silence: number | null = null) {
    this.#pool = pool;
    this.#patience = patience;
    this.#silence = silence;
    this.#unwatch = patience.onOver(() => this.#giveUp());
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
      await this.#patience.insist(() => this.#step(() => this.#create(head)));
      if (this.#state === 'opening') this.#state = 'open';
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
    const last = this.#pieces.at(-1);
    if (this.#state === 'failed') return;
    if (last && 'byte' in last && last.byte === byte) last.count += count;
    else this.#push({ byte, count });
  }

  /** Writes what is left and closes the file, which keeps its `.part`; what went wrong is in `error`. */
  async settle(): Promise<void> {
    await this.#idle();
    // Silence at the end has only moved the position so far.
    await this.#insist(() => truncateFile(this.#fd, this.#positionBytes));
    await this.#close();
  }

  /** Writes what is left, the tail and the final head, and gives the file its name. Returns whether the file is whole. */
  async finish(head: Uint8Array, tail: Uint8Array, sync: boolean): Promise<boolean> {
    await this.#idle();
    const endBytes = this.#positionBytes + tail.length;
    await this.#insist(async () => {
      await writeAll(this.#fd, tail, this.#positionBytes);
      await truncateFile(this.#fd, endBytes);
      await writeAll(this.#fd, head, 0);
    });
    if (sync) await this.#insist(() => this.#sync());
    await this.#close();
    await this.#insist(() => this.#giveName());
    this.#unwatch();
    if (this.#state === 'failed') return false;
    this.#positionBytes = endBytes;
    this.#state = 'closed';
    this.partPath = null;
    return true;
  }

  /** A step of the end, unless one before it has failed. */
  async #insist(step: () => Promise<void>): Promise<void> {
    if (this.#state !== 'open') return;
    try {
      await this.#patience.insist(() => this.#step(step));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nobody closes the file meanwhile; where nobody waits for the end of it any more, that does. */
  async #step(step: () => Promise<void>): Promise<void> {
    this.#stepping = true;
    try {
      await step();
    } finally {
      this.#stepping = false;
      if (this.#state === 'failed') await this.#close();
    }
  }

  async #create(head: Uint8Array): Promise<void> {
    if (this.#fd < 0) {
      const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR;
      const partPath = this.path + PART;
      this.#fd = await openFile(partPath, flags, FILE_MODE);
      this.partPath = partPath;
      this.#inode = (await statFile(this.#fd)).ino;
    }
    await writeAll(this.#fd, head, 0);
    this.#positionBytes = head.length;
  }

  /** The system tells once that it could not write what it had taken; asked again it would say that all is well. */
  async #sync(): Promise<void> {
    if (this.#syncError !== null) throw this.#syncError;
    try {
      await syncFile(this.#fd);
    } catch (error) {
      if (FULL.has(systemCode(error) ?? '')) throw error;
      throw writingEnded(this.path, error);
    }
  }

  /** What comes meanwhile waits. That it failed is said at the end: until then there is more to write. */
  #syncWritten(): void {
    const { disk } = this.#patience;
    const writtenBytes = this.#positionBytes;
    this.#writing = true;
    const sinceMs = disk.begin();
    fdatasync(this.#fd, (error) => {
      disk.end(sinceMs);
      if (error) this.#syncError ??= writingEnded(this.path, error);
      this.#syncedBytes = writtenBytes;
      this.#pump();
    });
  }

  /** A file that is not there comes back with its folder; where that is there, somebody has removed the file. */
  async #giveName(): Promise<void> {
    try {
      await giveName(this.path + PART, this.path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      await statPath(dirname(this.path));
      this.partPath = null;
      throw writingEnded(this.path, error);
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
    if (
      this.#state === 'open' &&
      this.#patience.isDurable &&
      this.#syncedBytes !== this.#positionBytes
    )
      return this.#syncWritten();
    this.#writing = false;
    if (this.#state === 'failed') {
      this.#letGo();
      void this.#close();
    }
    this.#whenIdle?.();
    this.#whenIdle = null;
  }

  #writePart({ block, start, end }: Part): void {
    this.#write(block.bytes, start, end, block.codesOf, () => {
      this.#pool.release(block);
      this.#pump();
    });
  }

  #writeFill({ byte, count }: Fill): void {
    const bytes = new Uint8Array(Math.min(count, FILL_BYTES)).fill(byte);
    const next = (left: number): void => {
      const part = Math.min(left, bytes.length);
      this.#write(bytes, 0, part, null, () => {
        if (this.#state === 'failed' || left === part) this.#pump();
        else next(left - part);
      });
    };
    next(count);
  }

  /** Writes bytes at the end of the file, whatever number of system calls that takes, or fails. */
  #write(bytes: Uint8Array, start: number, end: number, codesOf: CodesOf, done: () => void): void {
    const { disk } = this.#patience;
    const { access } = disk;
    let at = start;
    this.#writing = true;
    const next = (): void => {
      const sinceMs = disk.begin();
      access.write(this.#fd, bytes, at, end - at, this.#positionBytes, codesOf, (error, taken) => {
        disk.end(sinceMs);
        if (error) return this.#wait(error, next, done);
        if (this.#lastError !== null) this.#recover();
        at += taken;
        this.#positionBytes += taken * widthOf(codesOf);
        this.#writtenBytes = this.#positionBytes;
        if (at < end && this.#state === 'open') next();
        else done();
      });
    };
    next();
  }

  /** Tries again once that is worth it, as long as it may be. */
  #wait(error: unknown, again: () => void, done: () => void): void {
    if (this.#state !== 'failed' && canHeal(error)) {
      this.#lastError = error;
      if (!this.#patience.isOver) return this.#queue(error, again, done);
    }
    this.#fail(error);
    done();
  }

  #queue(error: unknown, again: () => void, done: () => void): void {
    this.#retry = () => {
      this.#retry = null;
      if (this.#state === 'failed') return done();
      if (FULL.has(systemCode(error) ?? '')) return again();
      void this.#reopen().then(again);
    };
    this.#patience.disk.failed(error, this.#retry);
  }

  #recover(): void {
    this.#lastError = null;
    this.#patience.disk.healed();
  }

  /**
   * The disk may have been away and be back: then the file is another one to the system, under the same
   * number. What the disk has lost of it becomes silence.
   */
  async #reopen(): Promise<void> {
    if (this.partPath === null) return;
    // Where it is not there, the next write tells.
    const again = await reopen(this.partPath, this.#inode);
    if (again === null) return;
    let { fd } = again;
    try {
      if (this.#state === 'open') {
        await this.#fillGone(fd, again.sizeBytes);
        [fd, this.#fd] = [this.#fd, fd];
      }
    } catch {
      // As it was before, with the file that was open.
    }
    await closeFile(fd).catch(() => {});
  }

  async #fillGone(fd: number, sizeBytes: number): Promise<void> {
    const goneBytes = this.#writtenBytes - sizeBytes;
    if (goneBytes <= 0) return;
    // Silence of zeros needs no bytes on the disk.
    if (this.#silence) await writeAll(fd, new Uint8Array(goneBytes).fill(this.#silence), sizeBytes);
    else this.#writtenBytes = sizeBytes;
    if (this.#silence === null) this.#positionBytes = sizeBytes;
    this.goneBytes += goneBytes;
  }

  #idle(): Promise<void> {
    if (this.#state === 'failed' || (this.#state === 'open' && !this.#writing))
      return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  /** Patience is over: whoever waits for the end of the file goes on without it. */
  #giveUp(): void {
    if (!this.#writing || this.#state !== 'open') return;
    const text = `${this.path}: writing ended because the disk does not answer`;
    this.#fail(this.#lastError ?? new RstError('RST_RECORDING', text));
    const retry = this.#retry;
    if (retry) {
      this.#patience.disk.forget(retry);
      retry();
    }
    this.#whenIdle?.();
    this.#whenIdle = null;
  }

  #fail(error: unknown): void {
    this.#state = 'failed';
    this.error ??= writingEnded(this.path, error);
    if (!this.#writing) this.#letGo();
  }

  #letGo(): void {
    for (const piece of this.#pieces) if ('block' in piece) this.#pool.release(piece.block);
    this.#pieces = [];
  }

  /** Not while a write is under way, which might go to whatever has the number next; its end closes it then. */
  async #close(): Promise<void> {
    if (this.#writing || this.#stepping) return;
    const fd = this.#fd;
    this.#fd = -1;
    if (fd < 0) return;
    try {
      await closeFile(fd);
    } catch (error) {
      this.#fail(error);
    }
  }
}
