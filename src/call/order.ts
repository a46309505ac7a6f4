import type { OpenCall, ReservedPair } from '../capture/index.ts';
import type { Call } from './call.ts';

/** What `rate` of the extension may say. */
const RATES_HZ = [8000, 16_000, 24_000, 32_000, 48_000];

/** What the worker is told of a call. */
export function orderOf(call: Call, pair: ReservedPair | null): OpenCall {
  const { uuid, caller, callee } = call.inv;
  const startedAt = new Date(call.startedAtMs).toISOString();
  const { source, ports } = call;
  const offered = call.legsTap.inv?.extension?.rateHz;
  return {
    callId: call.callId,
    uuid,
    address: source.address,
    announced: call.legsTap.inv?.ports ?? null,
    pairId: pair?.pairId ?? null,
    startNs: call.startNs,
    extension: { seq: call.isNumbered, rateHz: RATES_HZ.find((rate) => rate === offered) ?? null },
    name: call.name,
    journal: { recordId: call.recordId, uuid, caller, callee, startedAt, source, ports },
    tags: {
      title: uuid,
      artist: `${caller} > ${callee}`,
      date: startedAt,
      comment: `FreeSWITCH call from ${caller || 'unknown'} to ${callee || 'unknown'}`,
    },
  };
}
