import type { LegName } from '../../src/protocol/index.ts';
import { type AudioCheck, checkLeg } from './leg-check.ts';
import { legNumber, uuidOfCall } from './packet-mark.ts';
import type { KeptLeg, Subject } from './subject.ts';

/** What became of all packets of a run. */
export interface Check extends AudioCheck {
  sent: number;
  /** The subject has never had them. */
  lost: number;
  /** The subject has had them, and they are not in its files. */
  cut: number;
  /** It had them, and has left them out so that the track keeps time, as it says. */
  takenOut: number;
  /** Calls that the subject knows nothing of; all their packets are lost. */
  missingCalls: number;
  /** As the subject says. */
  dropped: Record<string, number>;
}

const LEGS: readonly LegName[] = ['R', 'W'];
const NOTHING: KeptLeg = { received: 0, audio: new Uint8Array(0), takenOut: 0, dropped: {} };

/** Compares all that is kept with all that was sent, bit by bit. */
export async function check(subject: Subject, sentByLeg: Uint32Array): Promise<Check> {
  const all: Check = {
    ...{ sent: 0, lost: 0, cut: 0, takenOut: 0, missingCalls: 0, dropped: {} },
    ...{ found: 0, misordered: 0, repeated: 0, wrongSamples: 0 },
  };
  for (let call = 0; 2 * call < sentByLeg.length; call++) {
    const legs = await subject.kept(uuidOfCall(call));
    if (legs === null) all.missingCalls++;
    for (const name of LEGS) {
      const { received, audio, takenOut, dropped } = legs?.[name] ?? NOTHING;
      const leg = legNumber(call, name);
      const sent = sentByLeg[leg] as number;
      const { found, misordered, repeated, wrongSamples } = checkLeg(
        audio,
        leg,
        subject.form,
        sent,
      );
      all.sent += sent;
      all.lost += sent - received;
      all.cut += received - found - takenOut;
      all.takenOut += takenOut;
      all.found += found;
      all.misordered += misordered;
      all.repeated += repeated;
      all.wrongSamples += wrongSamples;
      for (const [reason, count] of Object.entries(dropped))
        all.dropped[reason] = (all.dropped[reason] ?? 0) + count;
    }
  }
  return all;
}
