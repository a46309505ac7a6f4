import type { ChannelTimes } from './channel-fields.ts';
import { stampOf } from './stamps.ts';

/** Q.850 numbers of the causes that scenarios use; 16 for any other. */
const Q850: Record<string, number> = {
  NO_ROUTE_DESTINATION: 3,
  NORMAL_CLEARING: 16,
  USER_BUSY: 17,
  NO_ANSWER: 19,
  CALL_REJECTED: 21,
  DESTINATION_OUT_OF_ORDER: 27,
  NORMAL_TEMPORARY_FAILURE: 41,
  ORIGINATOR_CANCEL: 487,
  SYSTEM_SHUTDOWN: 500,
  BLIND_TRANSFER: 600,
};

/** What the variables of a hung-up channel say about its times (switch_channel_set_timestamps). */
export function timeVariables(times: ChannelTimes, cause: string): Record<string, string> {
  const { created, answered, hungUp, bridged } = times;
  const at = (name: string, us: number) => ({
    [`${name}_epoch`]: String(Math.floor(us / 1e6)),
    [`${name}_uepoch`]: String(us),
    ...(us > 0 && { [`${name}_stamp`]: stampOf(us) }),
  });
  const whole = hungUp - created;
  const billed = answered > 0 ? hungUp - answered : 0;
  return {
    hangup_cause: cause,
    hangup_cause_q850: String(Q850[cause] ?? 16),
    ...at('start', created),
    ...at('profile_start', times.profileCreated),
    ...at('answer', answered),
    ...at('bridge', bridged),
    ...at('end', hungUp),
    duration: String(Math.floor(whole / 1e6)),
    billsec: String(Math.floor(billed / 1e6)),
    mduration: String(Math.floor(whole / 1e3)),
    billmsec: String(Math.floor(billed / 1e3)),
    uduration: String(whole),
    billusec: String(billed),
  };
}
