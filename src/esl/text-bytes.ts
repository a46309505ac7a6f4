import { isUtf8 } from 'node:buffer';

const PERCENT = 0x25;
const MAX_ASCII = 0x7f;

/** Strict, so that bytes it has no characters for are noticed; a leading BOM is a character like others. */
const GB18030 = new TextDecoder('gb18030', { fatal: true, ignoreBOM: true });

/**
 * Text of somebody who does not say how he wrote it: UTF-8 where the bytes are valid UTF-8, else
 * GB18030 (which covers GBK and GB2312) where they are valid there, else Latin-1, which takes anything.
 */
export function decodeText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  try {
    return GB18030.decode(buffer);
  } catch {
    return buffer.toString('latin1');
  }
}

/** Undoes `%D5` and the like between the two places; a `%` that starts no such triple is a percent sign. */
export function decodePercent(bytes: Buffer, start: number, end: number): string {
  let isPlain = true;
  for (let at = start; at < end && isPlain; at++) {
    const byte = bytes[at] as number;
    isPlain = byte !== PERCENT && byte <= MAX_ASCII;
  }
  if (isPlain) return bytes.toString('latin1', start, end);
  const decoded = Buffer.allocUnsafe(end - start);
  let length = 0;
  let isAscii = true;
  for (let at = start; at < end; at++) {
    let byte = bytes[at] as number;
    if (byte === PERCENT && at + 2 < end) {
      const high = hexDigit(bytes[at + 1] as number);
      const low = hexDigit(bytes[at + 2] as number);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    if (byte > MAX_ASCII) isAscii = false;
    decoded[length++] = byte;
  }
  return isAscii ? decoded.toString('latin1', 0, length) : decodeText(decoded.subarray(0, length));
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
