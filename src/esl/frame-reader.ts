import { decodeText } from './text-bytes.ts';

/** Far above what FreeSWITCH sends, and low enough to be kept. */
const MAX_HEADER_BYTES = 1024 * 1024;
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MIN_BUFFER_BYTES = 4096;
const HEADER_END = Buffer.from('\n\n');

/** One message of the event socket. `body` is never written to again. */
export interface Frame {
  kind: 'frame';
  contentType: string;
  /** Of `command/reply`; empty elsewhere. Text as it came: here FreeSWITCH encodes nothing. */
  replyText: string;
  body: Uint8Array;
}

export type FrameResult =
  | Frame
  | { kind: 'incomplete' }
  /** What the bytes are can't be told any more; `reason` is the end of a sentence. */
  | { kind: 'malformed'; reason: string };

interface Header {
  contentType: string;
  replyText: string;
  /** With the empty line. */
  sizeBytes: number;
  bodyBytes: number;
}

const INCOMPLETE: FrameResult = { kind: 'incomplete' };

/**
 * Cuts the bytes of an event-socket connection into messages, whatever pieces they come in:
 *
 *     Content-Length: 589\n              in bytes; no body without it
 *     Content-Type: text/event-plain\n
 *     \n
 *     589 bytes
 *
 * No byte is looked at twice for a header's end, and what waits is copied at most about twice.
 */
export class FrameReader {
  #buffer: Buffer = Buffer.alloc(0);
  /** What is unread lies between these two. */
  #start = 0;
  #end = 0;
  /** Whether what is behind `#end` may be written to. */
  #isOurs = false;
  /** How much of what is unread holds no header end. */
  #searchedBytes = 0;
  #header: Header | null = null;
  #malformed: FrameResult | null = null;

  /** Takes what came; the bytes must not change afterwards, as messages are cut from them. */
  push(bytes: Uint8Array): void {
    if (this.#malformed !== null) return;
    const unreadBytes = this.#end - this.#start;
    if (unreadBytes === 0) {
      this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#start = 0;
      this.#end = bytes.length;
      this.#isOurs = false;
      return;
    }
    if (!this.#isOurs || this.#buffer.length - this.#end < bytes.length) {
      // Messages that were handed out may still point into the old one.
      const sizeBytes = Math.max(2 * (unreadBytes + bytes.length), MIN_BUFFER_BYTES);
      const larger = Buffer.allocUnsafe(sizeBytes);
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      this.#buffer = larger;
      this.#start = 0;
      this.#end = unreadBytes;
      this.#isOurs = true;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The next message that is there in full. After `malformed` there is nothing else. */
  next(): FrameResult {
    if (this.#malformed !== null) return this.#malformed;
    this.#header ??= this.#readHeader();
    if (this.#malformed !== null) return this.#malformed;
    if (this.#header === null) return INCOMPLETE;
    const { contentType, replyText, sizeBytes, bodyBytes } = this.#header;
    const bodyStart = this.#start + sizeBytes;
    if (this.#end - bodyStart < bodyBytes) return INCOMPLETE;
    this.#header = null;
    this.#start = bodyStart + bodyBytes;
    return {
      kind: 'frame',
      contentType,
      replyText,
      body: this.#buffer.subarray(bodyStart, this.#start),
    };
  }

  #readHeader(): Header | null {
    const unread = this.#buffer.subarray(this.#start, this.#end);
    const headerBytes = unread.indexOf(HEADER_END, this.#searchedBytes);
    if (headerBytes > MAX_HEADER_BYTES || (headerBytes < 0 && unread.length > MAX_HEADER_BYTES + 1))
      return this.#refuse(`sent a header of more than ${MAX_HEADER_BYTES} bytes`);
    if (headerBytes < 0) {
      // The last byte may be the first half of the end.
      this.#searchedBytes = Math.max(0, unread.length - 1);
      return null;
    }
    this.#searchedBytes = 0;
    const lines = unread.toString('latin1', 0, headerBytes).split('\n');
    const length = fieldIn(lines, 'Content-Length');
    const bodyBytes = length === undefined ? 0 : sizeOf(length);
    if (Number.isNaN(bodyBytes))
      return this.#refuse(
        `sent a Content-Length that is no number: ${JSON.stringify(length?.slice(0, 40))}`,
      );
    if (bodyBytes > MAX_BODY_BYTES)
      return this.#refuse(`sent a Content-Length of more than ${MAX_BODY_BYTES} bytes`);
    return {
      contentType: fieldIn(lines, 'Content-Type') ?? '',
      replyText: decodeText(Buffer.from(fieldIn(lines, 'Reply-Text') ?? '', 'latin1')),
      sizeBytes: headerBytes + HEADER_END.length,
      bodyBytes,
    };
  }

  #refuse(reason: string): null {
    this.#malformed = { kind: 'malformed', reason };
    this.#buffer = Buffer.alloc(0);
    this.#start = 0;
    this.#end = 0;
    return null;
  }
}

function fieldIn(lines: string[], name: string): string | undefined {
  const prefix = `${name}:`;
  return lines
    .find((line) => line.startsWith(prefix))
    ?.slice(prefix.length)
    .trim();
}

function sizeOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
