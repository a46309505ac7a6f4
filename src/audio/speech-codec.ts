/** Both speech codecs run at this rate. */
export const SPEECH_RATE = 8000;

/** ITU-T G.729: 10 bytes are 10 ms; a frame of 2 bytes (annex B) describes 10 ms of background noise. */
const G729_FRAME_BYTES = 10;
const G729_NOISE_BYTES = 2;
const G729_FRAME_SAMPLES = 80;

/** ITU-T G.723.1: the two lowest bits of a frame's first byte tell its size; each is 30 ms. */
const G723_FRAME_BYTES = [24, 20, 4, 1] as const;
const G723_FRAME_SAMPLES = 240;

/** The samples that a G.729 payload of this size stands for. */
export function g729Samples(payloadBytes: number): number {
  const frames = Math.floor(payloadBytes / G729_FRAME_BYTES);
  const noise = payloadBytes % G729_FRAME_BYTES >= G729_NOISE_BYTES ? 1 : 0;
  return (frames + noise) * G729_FRAME_SAMPLES;
}

/** The samples that a G.723.1 payload stands for. */
export function g723Samples(bytes: Uint8Array, start: number, end: number): number {
  let frames = 0;
  for (let at = start; at < end; frames++)
    at += G723_FRAME_BYTES[(bytes[at] as number) & 3] as number;
  return frames * G723_FRAME_SAMPLES;
}
