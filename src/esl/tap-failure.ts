import { errorText } from '../errors.ts';
import type { Commands } from './commands.ts';
import type { TapReply } from './tap-reply.ts';
import { parseTapStatus } from './tap-status.ts';

/** What is known of a tap that nothing came of. */
export interface FailedTap {
  uuid: string;
  channelName: string;
  /** `192.0.2.5:9527`, where it was told to send. */
  target: string;
  /** Where it would send from; empty where nobody knows. */
  boxAddress: string;
  /** What the last answer to `uuid_rst` meant; null where it was not asked for. */
  reply: TapReply | null;
  /** That answer, or why there was none. */
  answer: string;
  /** Whether `uuid_buglist` has a tap of mod_rst. */
  isListed: boolean;
  /** Whether the module is the one in mod_rst/. */
  isOurs: boolean;
  /** The destination whose server has answered, as that module says; null where it has not said so. */
  answeredBy: string | null;
}

const MAX_QUOTED = 120;
const HUNG_UP = 'the call hung up before its tap began';

/** Finds out why nothing came of a tap: the reason in words that hold nothing of what a caller sent. Never rejects. */
export async function reasonOf(tap: FailedTap, commands: Commands): Promise<string> {
  try {
    if (!(await isTrue(commands, `uuid_exists ${tap.uuid}`))) return HUNG_UP;
    if (tap.reply === 'unknown') {
      if (!(await isTrue(commands, 'module_exists mod_rst')))
        return 'mod_rst is not loaded in FreeSWITCH: say `load mod_rst` there, and name it in modules.conf.xml';
      return 'FreeSWITCH knows mod_rst but not its command uuid_rst: unload and load mod_rst there, or install a build that has it';
    }
    const elsewhere = tap.isOurs ? await elsewhereOf(tap, commands) : null;
    if (elsewhere !== null)
      return `mod_rst taps this channel for ${elsewhere} already, and neither INV nor DATA of that comes here: look at the dialplan and at rst.conf.xml, or stop it there by rst_stop`;
  } catch (error) {
    return `${ownReasonOf(tap)} (and FreeSWITCH could not be asked why: ${errorText(error)})`;
  }
  return ownReasonOf(tap);
}

/** The words for a channel that was gone before a tap was there. */
export function hungUpReason(): string {
  return HUNG_UP;
}

/** What the module says is wrong with the tap. */
export function troubleReason(tap: FailedTap, trouble: string): string {
  return `mod_rst says of its tap to ${tap.target}: ${quote(trouble)}; ${checkOf(tap)}`;
}

/** Where the channel is tapped to, if that is not here. */
async function elsewhereOf(
  { uuid, target }: FailedTap,
  commands: Commands,
): Promise<string | null> {
  const taps = parseTapStatus(await commands.api(`rst_status ${uuid}`)) ?? [];
  const isHere = taps.some(({ destination }) => destination === target);
  return isHere ? null : (taps[0]?.destination ?? null);
}

function checkOf({ boxAddress, target }: FailedTap): string {
  const from = boxAddress === '' ? 'FreeSWITCH' : boxAddress;
  return `check that UDP from ${from} reaches ${target} (a firewall, NAT, advertise of this box) and that server.allow has ${from}`;
}

function ownReasonOf(tap: FailedTap): string {
  if (tap.reply === 'refused') return `FreeSWITCH refuses uuid_rst: ${quote(tap.answer)}`;
  const check = checkOf(tap);
  if (tap.answeredBy === tap.target)
    return `a server at ${tap.target} has answered mod_rst, and it was not this one: ${check}`;
  if (!tap.isOurs && !tap.isListed && !isForPrebuilt(tap)) return strangeReason(tap);
  if (tap.reply === 'running' || tap.reply === null)
    return `a tap of mod_rst runs on this channel already, and neither INV nor DATA of it comes here: it sends elsewhere; ${check}`;
  if (tap.isListed) return `the tap runs, but neither INV nor DATA came: ${check}`;
  return `FreeSWITCH accepted uuid_rst, but neither INV nor DATA came: ${check}`;
}

function isForPrebuilt({ channelName }: FailedTap): boolean {
  return /^sofia\/(internal\/|external)/.test(channelName);
}

function strangeReason({ channelName }: FailedTap): string {
  const kind = /^[a-z][a-z0-9_]{0,31}(?=\/)/i.exec(channelName)?.[0];
  if (kind === 'sofia')
    return 'neither INV nor DATA came: the prebuilt mod_rst taps channels of the sofia profiles internal and external… only, and this one has another profile; rename the profile, or use the module that comes with rst-server';
  return `neither INV nor DATA came: the prebuilt mod_rst taps SIP channels (sofia/…), and this one is ${kind ? `a ${kind}/…` : 'of another kind'}; the module that comes with rst-server taps it`;
}

async function isTrue(commands: Commands, command: string): Promise<boolean> {
  return (await commands.api(command)).trim() === 'true';
}

/** The first line of an answer, cut and without control characters. */
function quote(text: string): string {
  const line = text.trim().split('\n')[0] as string;
  return JSON.stringify(line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}…` : line);
}
