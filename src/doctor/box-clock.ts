import type { Link } from '../esl/index.ts';
import type { Verdict } from './check.ts';
import { ok, warning } from './verdict.ts';

/** What nobody notices in a manifest. */
const MAX_DIFFERENCE_MS = 1000;

/** How far the clock of a box is from ours, as far as the time of the answer tells. */
export async function checkBoxClock(link: Link, nowMs: () => number): Promise<Verdict> {
  const askedMs = nowMs();
  const answer = await link.api('strmicroepoch');
  const answeredMs = nowMs();
  if (!/^\d{15,17}\s*$/.test(answer)) return ok('not known: it does not tell the time');
  const boxMs = Number(answer) / 1000;
  // The box looked at its clock at some moment between the two.
  const differenceMs =
    boxMs < askedMs ? boxMs - askedMs : boxMs > answeredMs ? boxMs - answeredMs : 0;
  if (Math.abs(differenceMs) <= MAX_DIFFERENCE_MS)
    return ok(`within ${Math.max(1, Math.ceil(Math.abs(differenceMs)))} ms of this machine's`);
  const seconds = (Math.abs(differenceMs) / 1000).toFixed(1);
  return warning(
    `${seconds} s ${differenceMs < 0 ? 'behind' : 'ahead of'} this machine's, so times of events do not fit those of the audio`,
    'keep both clocks by NTP (chrony or systemd-timesyncd)',
  );
}
