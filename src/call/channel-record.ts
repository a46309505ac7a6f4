import type { Channel, ChannelInfo } from './channel.ts';

/** What stands of a channel in journal and manifest. Times are RFC 3339 with milliseconds, in UTC. */
export interface ChannelRecord
  extends Omit<ChannelInfo, 'box' | 'answeredAtMs' | 'hungUpAtMs' | 'variables'> {
  answeredAt: string | null;
  hungUpAt: string | null;
  variables: Record<string, string>;
}

/** What is known of the channel now. */
export function channelRecord({ info }: Channel): ChannelRecord {
  const { box: _, answeredAtMs, hungUpAtMs, variables, ...rest } = info;
  return {
    ...rest,
    answeredAt: timeOf(answeredAtMs),
    hungUpAt: timeOf(hungUpAtMs),
    variables: { ...variables },
  };
}

/** A box may send any number; one that is no time is none. */
function timeOf(ms: number | null): string | null {
  const time = new Date(Math.round(ms ?? Number.NaN));
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
