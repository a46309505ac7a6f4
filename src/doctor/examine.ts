import type { LoadedConfig } from '../config/index.ts';
import type { Address } from './address.ts';
import { checkBox } from './box.ts';
import type { CheckResult, Verdict } from './check.ts';
import { checkConfiguration } from './configuration.ts';
import { checkControlPort } from './control-port.ts';
import { checkDescriptorLimit } from './descriptor-limit.ts';
import { checkDiskSpace } from './disk-space.ts';
import { checkDiskSpeed } from './disk-speed.ts';
import { checkLocalPortRange } from './local-port-range.ts';
import { checkMediaPorts } from './media-ports.ts';
import { checkNode } from './node.ts';
import { checkReceiveBuffer } from './receive-buffer.ts';
import { checkRecordsFolder } from './records-folder.ts';
import { runCheck } from './run-check.ts';
import type { Surroundings } from './surroundings.ts';
import { checkSystemClock } from './system-clock.ts';
import { ok } from './verdict.ts';

/** For what no check foresees. */
const ADVICE = 'run it again as the user and on the machine that rst-server is to run on';

/**
 * Looks at everything that a recording depends on, one thing after the other, and says of each what it
 * found as soon as it has. Nothing of it is left behind. Throws the reason of `signal` where that ends it.
 */
export async function* examine(
  loaded: LoadedConfig,
  around: Omit<Surroundings, 'config'>,
): AsyncGenerator<CheckResult> {
  const { config } = loaded;
  const { platform, signal } = around;
  const surroundings: Surroundings = { config, ...around };
  for (const verdict of checkConfiguration(loaded)) yield { name: 'configuration', ...verdict };
  yield { name: 'Node', ...checkNode(process.versions, platform) };
  const told: Address[] = [];
  for (const box of config.freeswitch) {
    const place = yield* checkBox(box, surroundings);
    if (place !== null) told.push(place);
  }
  if (config.freeswitch.length === 0)
    yield {
      name: 'FreeSWITCH',
      ...ok('no [[freeswitch]]: only what its own dialplan taps is recorded'),
    };
  const server = yield* checkControlPort(told, surroundings);
  yield* checkRecords(surroundings);
  const rest: [name: string, run: () => Promise<Verdict>][] = [
    ['media ports', () => checkMediaPorts(config, server, signal)],
    ['local ports', () => checkLocalPortRange(surroundings)],
    ['open files', () => checkDescriptorLimit(surroundings)],
    ['receive buffer', () => checkReceiveBuffer(config, platform)],
    ['clock', () => checkSystemClock(surroundings)],
  ];
  for (const [name, run] of rest) yield await runCheck(name, run, ADVICE, signal);
}

async function* checkRecords({ config, signal }: Surroundings): AsyncGenerator<CheckResult> {
  const { verdict, path } = await checkRecordsFolder(config.records.dir);
  yield { name: 'records folder', ...verdict };
  if (path === null) return;
  const space = () => checkDiskSpace(path, config.records);
  yield await runCheck('disk space', space, ADVICE, signal);
  yield await runCheck('disk speed', () => checkDiskSpeed(path, signal), ADVICE, signal);
}
