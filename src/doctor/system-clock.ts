import type { Verdict } from './check.ts';
import { notChecked } from './not-checked.ts';
import type { Surroundings } from './surroundings.ts';
import { ok, warning } from './verdict.ts';

const TIMESYNCD = '/run/systemd/timesync/synchronized';

/** Whether something keeps this machine's clock right. */
export async function checkSystemClock({
  platform,
  systemFile,
  systemCommand,
}: Surroundings): Promise<Verdict> {
  if (platform !== 'linux') return notChecked(platform);
  if ((await systemFile(TIMESYNCD)) !== null) return ok('kept by systemd-timesyncd');
  // It asks the kernel, so it knows of chrony and ntpd too.
  const said = await systemCommand('timedatectl', [
    'show',
    '--property=NTPSynchronized',
    '--value',
  ]);
  if (said?.trim() === 'yes') return ok('synchronised');
  const tracking = await systemCommand('chronyc', ['-n', 'tracking']);
  const leap = /^Leap status\s*:\s*(.+)$/m.exec(tracking ?? '')?.[1]?.trim();
  if (leap === 'Normal') return ok('kept by chrony');
  if (said?.trim() === 'no' || leap !== undefined)
    return warning(
      'nothing keeps it right, so times of recordings drift away from those of FreeSWITCH',
      'start chrony or systemd-timesyncd ("timedatectl set-ntp true")',
    );
  return ok('not known whether something keeps it right (a container takes it from its host)');
}
