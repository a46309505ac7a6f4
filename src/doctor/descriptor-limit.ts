import { descriptorLimitOf, descriptorRoom, descriptorShortage } from '../service/index.ts';
import type { Verdict } from './check.ts';
import { notChecked } from './not-checked.ts';
import type { Surroundings } from './surroundings.ts';
import { failed, ok, warning } from './verdict.ts';

/** How many calls the limit of open files leaves room for. */
export async function checkDescriptorLimit({
  config,
  platform,
  systemFile,
}: Surroundings): Promise<Verdict> {
  if (platform !== 'linux') return notChecked(platform);
  const limit = descriptorLimitOf((await systemFile('/proc/self/limits')) ?? '');
  if (limit === null) return ok("not known: /proc/self/limits can't be read");
  if (limit === Number.POSITIVE_INFINITY) return ok('there is no limit of open files');
  const room = descriptorRoom(limit, config);
  const shortage = descriptorShortage(room);
  if (shortage) return (room.calls === 0 ? failed : warning)(shortage.found, shortage.todo);
  return ok(
    `${limit} open files are allowed here, room for the ${room.wanted} calls of media.ports`,
  );
}
