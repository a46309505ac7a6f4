import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { STOCK_PAIRS } from '../capture/index.ts';
import type { Config } from '../config/index.ts';
import { callCost } from './call-cost.ts';

/** Node itself, the log, the control port, the admin socket with all of its connections, and what is opened for a moment. */
const AT_REST = 224;
/** The event loop of a thread. */
const PER_WORKER = 8;
const PORTS_PER_CALL = 2;

type Needs = Pick<Config, 'media' | 'records' | 'freeswitch'>;

/** How many calls a limit of open files leaves room for. */
export interface DescriptorRoom {
  limit: number;
  calls: number;
  /** How many `media.ports` has room for. */
  wanted: number;
  /** The limit that has room for those. */
  needed: number;
}

/** The limit of open files of the process whose `/proc/PID/limits` this is; null where that does not say. */
export function descriptorLimitOf(limits: string): number | null {
  // Node raises its soft limit to the hard one by itself.
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  if (hard === undefined) return null;
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}

/** Judges a limit by the ports, formats, workers and boxes of a configuration. */
export function descriptorRoom(
  limit: number,
  { media, records, freeswitch }: Needs,
): DescriptorRoom {
  const ports = media.ports.last - media.ports.first + 1;
  const workers =
    media.workers === 'auto' ? Math.max(1, availableParallelism() - 1) : media.workers;
  const fixed = AT_REST + workers * PER_WORKER + freeswitch.length;
  const wanted = Math.floor(ports / PORTS_PER_CALL);
  const perCall = callCost(records).descriptors;
  const files = perCall - PORTS_PER_CALL;
  // Ports that are kept ready are bound too, until all of them are in calls.
  const ready = Math.min(ports, workers * STOCK_PAIRS * PORTS_PER_CALL);
  const calls = Math.max(
    0,
    Math.floor((limit - fixed - ready) / perCall),
    Math.floor((limit - fixed - ports) / files),
  );
  return { limit, calls, wanted, needed: fixed + ports + wanted * files };
}

/** The same of the limit of this process; null where the system does not tell it. */
export async function ownDescriptorRoom(needs: Needs): Promise<DescriptorRoom | null> {
  const limit = descriptorLimitOf(await readFile('/proc/self/limits', 'utf8').catch(() => ''));
  return limit === null ? null : descriptorRoom(limit, needs);
}

/** What there is and what to do about it, where the limit leaves room for fewer calls than the ports do; else null. */
export function descriptorShortage({
  limit,
  calls,
  wanted,
  needed,
}: DescriptorRoom): { found: string; todo: string } | null {
  if (calls >= wanted) return null;
  return {
    found: `${limit} open files are allowed here, room for ${calls} calls and not for the ${wanted} that media.ports has it for`,
    todo: `LimitNOFILE=${needed} in the systemd unit, or "ulimit -n ${needed}" in the shell that starts it; or fewer media.ports`,
  };
}
