/** The codecs a DATA header can name. */
export type Codec = 'PCMU' | 'PCMA' | 'L16' | 'G729' | 'G723';

/** RTP payload type (RFC 3551; 10 without a rate of its own) to codec, as mod_rst sends them. */
const CODECS: ReadonlyMap<number, Codec> = new Map([
  [0, 'PCMU'],
  [4, 'G723'],
  [8, 'PCMA'],
  [10, 'L16'],
  [18, 'G729'],
]);

/** What the PAYLOAD field holds when the sender left it empty (mod_rst's prebuilt binary does, for most codecs). */
export const NO_PAYLOAD_TYPE = -1;

/** The codec of a payload type, or `undefined` where it is empty or unknown. */
export function codecOf(payloadType: number): Codec | undefined {
  return CODECS.get(payloadType);
}

/** The payload type that names a codec on the wire. */
export function payloadTypeOf(codec: Codec): number {
  for (const [payloadType, name] of CODECS) if (name === codec) return payloadType;
  return NO_PAYLOAD_TYPE;
}
