/**
 * What the last field of a port-form INV offers, behind the ports:
 *
 *     seq=1,ptime=20,rate=16000,box=fs1
 *
 * A field is one by its `=`, so old ends never take it for anything. Unknown keys are passed over;
 * `auth` and `meta` are reserved and not read.
 */
export interface InvExtension {
  /** The sender can number its packets, where the ACK says `seq=1`. */
  seq: boolean;
  /** Milliseconds of audio per packet. */
  ptimeMs: number | null;
  /** Samples per second of both legs. */
  rateHz: number | null;
  /** The name of the FreeSWITCH that sends. */
  box: string | null;
}

/** The extension in an INV's seventh field, null where that is none. */
export function parseExtension(field: string | undefined): InvExtension | null {
  if (!field?.includes('=')) return null;
  return {
    seq: pairValue(field, 'seq') === '1',
    ptimeMs: wholeNumber(pairValue(field, 'ptime'), 4),
    rateHz: wholeNumber(pairValue(field, 'rate'), 6),
    box: unescapeField(pairValue(field, 'box') ?? '') || null,
  };
}

/** True where an ACK's fifth field accepts numbered packets. */
export function acceptsSeq(field: string | undefined): boolean {
  return field !== undefined && pairValue(field, 'seq') === '1';
}

export function formatExtension({ seq, ptimeMs, rateHz, box }: InvExtension): string {
  const pairs = [`seq=${seq ? 1 : 0}`];
  if (ptimeMs !== null) pairs.push(`ptime=${ptimeMs}`);
  if (rateHz !== null) pairs.push(`rate=${rateHz}`);
  if (box) pairs.push(`box=${box.replace(/[%:,\s\p{Cc}]/gu, encodeURIComponent)}`);
  return pairs.join(',');
}

/** `:`, `%` and control bytes as `%XX`: how CALLER and CALLEE are written beside an extension. */
export function escapeField(text: string): string {
  return text.replace(/[%:\p{Cc}]/gu, encodeURIComponent);
}

/** Reads `%XX` as bytes of UTF-8. A `%` without two hexadecimal digits behind it stays what it is. */
export function unescapeField(text: string): string {
  if (!text.includes('%')) return text;
  const bytes = Buffer.from(text);
  let size = 0;
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at] as number;
    const high = byte === PERCENT ? hexDigit(bytes[at + 1]) : -1;
    const low = high < 0 ? -1 : hexDigit(bytes[at + 2]);
    if (low >= 0) {
      byte = high * 16 + low;
      at += 2;
    }
    bytes[size++] = byte;
  }
  return bytes.toString('utf8', 0, size);
}

const PERCENT = 0x25;

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** The value of the first pair with that key. */
function pairValue(field: string, key: string): string | undefined {
  const pair = field.split(',').find((text) => text.startsWith(`${key}=`));
  return pair?.slice(key.length + 1);
}

/** 1 or more, of at most so many digits; anything else is null. */
function wholeNumber(text: string | undefined, digits: number): number | null {
  if (text === undefined || text.length > digits || !/^\d+$/.test(text)) return null;
  return Number(text) || null;
}
