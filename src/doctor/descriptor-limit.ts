import type { Config } from '../config/index.ts';
import { callCost } from './call-cost.ts';
import type { Verdict } from './check.ts';
import { notChecked } from './not-checked.ts';
import type { Surroundings } from './surroundings.ts';
import { failed, ok, warning } from './verdict.ts';

/** What a server without a call has open, roughly: threads, pairs of ports kept ready, connections. */
const OPEN_AT_REST = 300;

/** How many calls the limit of open files leaves room for. */
export async function checkDescriptorLimit({
  config,
  platform,
  systemFile,
}: Surroundings): Promise<Verdict> {
  if (platform !== 'linux') return notChecked(platform);
  const limits = await systemFile('/proc/self/limits');
  // Node raises its soft limit to the hard one by itself.
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits ?? '')?.[1];
  if (hard === undefined) return ok("not known: /proc/self/limits can't be read");
  return judgeDescriptorLimit(
    hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard),
    config,
  );
}

function judgeDescriptorLimit(limit: number, { media, records }: Config): Verdict {
  const wanted = Math.floor((media.ports.last - media.ports.first + 1) / 2);
  const { descriptors } = callCost(records);
  if (limit === Number.POSITIVE_INFINITY) return ok('there is no limit of open files');
  const calls = Math.max(0, Math.floor((limit - OPEN_AT_REST) / descriptors));
  const found = `${limit} open files are allowed here, room for ${calls} calls`;
  if (calls >= wanted) return ok(`${found}, media.ports has it for ${wanted}`);
  const needed = wanted * descriptors + OPEN_AT_REST;
  return (calls === 0 ? failed : warning)(
    `${found} and not for the ${wanted} that media.ports has it for`,
    `LimitNOFILE=${needed} in the systemd unit, or "ulimit -n ${needed}" in the shell that starts it; or fewer media.ports`,
  );
}
