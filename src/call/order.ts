import type { OpenCall, ReservedPair } from '../capture/index.ts';
import type { Call } from './call.ts';
import { channelRecord } from './channel-record.ts';

/** What `rate` of the extension may say. */
const RATES_HZ = [8000, 16_000, 24_000, 32_000, 48_000];

/** What the worker is told of a call; `node` is for its journal. */
export function orderOf(call: Call, pair: ReservedPair | null, node: string): OpenCall {
  const { uuid, caller, callee, box, direction } = call.facts;
  const startedAt = new Date(call.startedAtMs).toISOString();
  const { source, ports, recordId, previous, channel } = call;
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
    formats: channel?.formats ?? null,
    journal: {
      ...{ recordId, uuid, node, box, caller, callee, direction, startedAt, source, ports },
      previous: previous && { recordId: previous.recordId, name: previous.name },
      channel: channel && channelRecord(channel),
    },
    tags: tagsOf(call),
  };
}

/** What its files say inside; at the end more may be known than at the start. */
export function tagsOf(call: Call): OpenCall['tags'] {
  const { uuid, caller, callee, startedAtMs } = call.facts;
  return {
    title: uuid,
    artist: `${caller} > ${callee}`,
    date: new Date(startedAtMs).toISOString(),
    comment: `FreeSWITCH call from ${caller || 'unknown'} to ${callee || 'unknown'}`,
  };
}
