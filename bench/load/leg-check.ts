import { ULAW_TO_LINEAR } from '../../src/audio/index.ts';
import { PAYLOAD_BYTES, payloadOf, readNumber } from './packet-mark.ts';

/** What the audio of a leg, or of many, holds of what was sent. */
export interface AudioCheck {
  /** Packets that are there, bit by bit, each counted once. */
  found: number;
  /** Packets that come behind one that was sent after them. */
  misordered: number;
  /** Packets that are there again. */
  repeated: number;
  /** Samples that are neither silence nor of a packet. */
  wrongSamples: number;
}

/** How a file holds its samples. */
export interface SampleForm {
  silence: number;
  /** The code of PCMU behind an element; 255 where that is none that is sent. */
  codeOf: Uint8Array;
  payloadOf(leg: number): Uint8Array | Int16Array;
}

export const ULAW_FORM: SampleForm = {
  silence: 0xff,
  codeOf: Uint8Array.from({ length: 256 }, (_, code) => code),
  payloadOf,
};

export const PCM_FORM: SampleForm = {
  silence: 0,
  codeOf: linearToCode(),
  payloadOf: (leg) => Int16Array.from(payloadOf(leg), (code) => ULAW_TO_LINEAR[code] as number),
};

function linearToCode(): Uint8Array {
  const table = new Uint8Array(65_536).fill(0xff);
  for (let code = 0; code < 64; code++) table[(ULAW_TO_LINEAR[code] as number) & 0xffff] = code;
  return table;
}

/** Goes over all of a leg's audio, sample by sample; `sent` packets have left. */
export function checkLeg(
  audio: Uint8Array | Int16Array,
  leg: number,
  form: SampleForm,
  sent: number,
): AudioCheck {
  const expected = form.payloadOf(leg);
  const check: AudioCheck = { found: 0, misordered: 0, repeated: 0, wrongSamples: 0 };
  const seen = new Uint8Array(sent);
  let last = -1;
  for (let at = 0; at < audio.length; ) {
    if (audio[at] === form.silence) {
      at++;
      continue;
    }
    const number =
      at + PAYLOAD_BYTES <= audio.length ? readNumber(audio, at, expected, form.codeOf) : -1;
    if (number < 0 || number >= sent) {
      check.wrongSamples++;
      at++;
      continue;
    }
    at += PAYLOAD_BYTES;
    if (seen[number] === 1) {
      check.repeated++;
      continue;
    }
    seen[number] = 1;
    check.found++;
    if (number < last) check.misordered++;
    last = Math.max(last, number);
  }
  return check;
}
