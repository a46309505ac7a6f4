import { decodeText } from './text-bytes.ts';

/**
 * JSON of FreeSWITCH, which escapes byte by byte and writes names as they came: a GBK name is invalid
 * UTF-8 and may hold the byte of a backslash. So it is read byte by byte too, and every string in it is
 * decoded by itself: one caller's name spoils nobody else's.
 *
 * @throws SyntaxError where it is no JSON
 */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return JSON.parse(buffer.toString('latin1'), (_key, value) =>
    // Anything above came as \u5f20 and is text already.
    typeof value === 'string' && /^[\0-\xff]*$/.test(value)
      ? decodeText(Buffer.from(value, 'latin1'))
      : value,
  );
}
