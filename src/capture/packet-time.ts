import { codecOf } from '../protocol/index.ts';

const USUAL_NS = 20e6;
const LONGEST_NS = 120e6;
const G711_NS_PER_BYTE = 125_000;

/** How much time a packet holds, in ns; where its codec does not tell, the usual 20 ms. */
export function packetNsOf(payloadType: number, payloadBytes: number): number {
  const codec = codecOf(payloadType);
  if ((codec !== 'PCMU' && codec !== 'PCMA') || payloadBytes === 0) return USUAL_NS;
  return Math.min(payloadBytes * G711_NS_PER_BYTE, LONGEST_NS);
}
