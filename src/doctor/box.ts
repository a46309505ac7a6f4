import type { Box, Config } from '../config/index.ts';
import { Link } from '../esl/index.ts';
import type { Address } from './address.ts';
import { checkBoxAllow } from './box-allow.ts';
import { checkBoxClock } from './box-clock.ts';
import { checkBoxDialplan } from './box-dialplan.ts';
import { checkBoxEvents } from './box-events.ts';
import { checkBoxLogin } from './box-login.ts';
import { checkBoxModule } from './box-module.ts';
import { checkBoxPassword } from './box-password.ts';
import { checkBoxRstConf } from './box-rst-conf.ts';
import { checkBoxRtpPorts } from './box-rtp-ports.ts';
import type { CheckResult, Verdict } from './check.ts';
import { runCheck } from './run-check.ts';
import type { Surroundings } from './surroundings.ts';
import { ok } from './verdict.ts';

/** A login that may do less than it has to, or a FreeSWITCH that is stuck. */
const ADVICE =
  'let this user run it (esl-allowed-events and esl-allowed-api of a user of the directory), and look at the log of FreeSWITCH';

/** One FreeSWITCH, over one connection. Returns where it is told to send (port 0: the control port). */
export async function* checkBox(
  box: Box,
  surroundings: Surroundings,
): AsyncGenerator<CheckResult, Address | null> {
  const { config, nowMs, signal } = surroundings;
  const named = (what: string, verdict: Verdict) => ({ name: `${box.name}: ${what}`, ...verdict });
  const unchecked = !config.esl.enabled ? 'esl.enabled is false' : 'its enabled is false';
  if (!config.esl.enabled || !box.enabled) {
    yield named('login', ok(`not checked: ${unchecked}`));
    return null;
  }
  if (box.user === null) yield named('password', checkBoxPassword(box));
  await using link = newLink(box, config);
  const login = await checkBoxLogin(link, box, signal);
  yield named('login', login);
  if (login.status === 'failed') return box.advertise && told(box.advertise.host, box);
  const place = told(box.advertise?.host ?? link.localAddress, box);
  const { port } = config.server;
  const checks: [what: string, run: () => Promise<Verdict>][] = [
    ['events', () => checkBoxEvents(link)],
    ['mod_rst', () => checkBoxModule(link)],
    ['server.allow', () => checkBoxAllow(link, config)],
    ['dialplan', () => checkBoxDialplan(link)],
    ['rst.conf', () => checkBoxRstConf(link, { ...place, port: place.port || port })],
    ['RTP ports', () => checkBoxRtpPorts(link, config.media.ports)],
    ['clock', () => checkBoxClock(link, nowMs)],
  ];
  for (const [what, run] of checks)
    yield await runCheck(`${box.name}: ${what}`, run, ADVICE, signal);
  return place;
}

/** FreeSWITCH is told the control port where `advertise` names none. */
function told(address: string, { advertise }: Box): Address {
  return { address, port: advertise?.port ?? 0 };
}

function newLink({ host, port, password, user }: Box, { esl }: Config): Link {
  const { connectTimeoutMs, commandTimeoutMs } = esl;
  return new Link(
    {
      host,
      port,
      password,
      user,
      connectTimeoutMs,
      authTimeoutMs: commandTimeoutMs,
      commandTimeoutMs,
    },
    // Events are not what is looked at, and an end shows in the command that comes next.
    { event: () => {}, closed: () => {}, failed: () => {} },
  );
}
