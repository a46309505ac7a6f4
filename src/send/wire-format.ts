import { ALAW_SILENCE, encodeAlaw, encodeUlaw, ULAW_SILENCE } from '../audio/index.ts';
import { payloadTypeOf } from '../protocol/index.ts';

export type SendCodec = 'pcmu' | 'pcma' | 'l16';

/** How samples become payloads: one format for both legs of all calls. Sizes are those of a full packet. */
export interface WireFormat {
  payloadType: number;
  sampleRate: number;
  ptimeMs: number;
  packetSamples: number;
  packetBytes: number;
  /** The byte that silence consists of. */
  silence: number;
  encode(samples: Int16Array): Uint8Array;
}

/** `sampleRate` in Hz must give whole samples per packet; G.711 is always 8000. */
export function wireFormat(codec: SendCodec, sampleRate: number, ptimeMs: number): WireFormat {
  const packetSamples = (sampleRate * ptimeMs) / 1000;
  const common = { sampleRate, ptimeMs, packetSamples, packetBytes: packetSamples };
  switch (codec) {
    case 'pcmu':
      return {
        ...common,
        payloadType: payloadTypeOf('PCMU'),
        silence: ULAW_SILENCE,
        encode: encodeUlaw,
      };
    case 'pcma':
      return {
        ...common,
        payloadType: payloadTypeOf('PCMA'),
        silence: ALAW_SILENCE,
        encode: encodeAlaw,
      };
    case 'l16':
      return {
        ...common,
        payloadType: payloadTypeOf('L16'),
        packetBytes: 2 * packetSamples,
        silence: 0,
        encode: encodeL16,
      };
  }
}

/** mod_rst sends L16 little-endian, unlike RTP (RFC 3551, 4.5.11). */
function encodeL16(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(2 * samples.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < samples.length; i++) view.setInt16(2 * i, samples[i] as number, true);
  return bytes;
}
