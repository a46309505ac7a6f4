import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process it is; still true when that has ended and another has its number. */
export interface ProcessMark {
  host: string;
  /** Of the machine's run since it was switched on; empty where the system has no such name. */
  boot: string;
  /** What its number counts in: a container counts from 1. Empty likewise. */
  pids: string;
  pid: number;
  /** Ticks from the boot to its start; empty likewise. */
  started: string;
}

/** `elsewhere`: nobody here can see it, as it is of another machine, boot or container, or hidden from this user. */
export type ProcessState = 'running' | 'ended' | 'elsewhere';

let own: ProcessMark | null = null;

/** The mark of this process, with all of its threads. */
export function processMark(): ProcessMark {
  own ??= {
    host: hostname(),
    boot: textOf('/proc/sys/kernel/random/boot_id'),
    pids: pidNamespace(),
    pid: process.pid,
    started: statOf(process.pid)?.started ?? '',
  };
  return own;
}

export function stateOfProcess({ host, boot, pids, pid, started }: ProcessMark): ProcessState {
  const here = processMark();
  if (host !== here.host || boot !== here.boot || pids !== here.pids) return 'elsewhere';
  const stat = statOf(pid);
  // One that nobody has waited for yet is listed, but runs no more.
  if (stat) return stat.started === started && !/[ZX]/.test(stat.state) ? 'running' : 'ended';
  if (pid === here.pid) return 'running';
  try {
    process.kill(pid, 0);
    return 'running';
  } catch (error) {
    // Of another user, who may have got the number since.
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'ended' : 'elsewhere';
  }
}

/** What was read from a file, as a mark; null where it is none. */
export function processMarkOf(value: unknown): ProcessMark | null {
  const mark = value as ProcessMark | null | undefined;
  if (typeof mark !== 'object' || mark === null || !Number.isInteger(mark.pid)) return null;
  const texts = [mark.host, mark.boot, mark.pids, mark.started];
  return texts.every((text) => typeof text === 'string') && mark.pid > 0 ? mark : null;
}

/** Fields 3 and 22 of proc(5)'s stat; its second may hold anything, in parentheses. */
function statOf(pid: number): { state: string; started: string } | null {
  const text = textOf(`/proc/${pid}/stat`);
  const [state = '', ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return text === '' ? null : { state, started: rest[18] ?? '' };
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
