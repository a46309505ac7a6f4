import { readdir, readFile } from 'node:fs/promises';

/** Processor time of a process since it began, in µs. */
export interface CpuTime {
  userUs: number;
  systemUs: number;
  /** By the threads' names, as far as the kernel tells. */
  threadsUs: Record<string, number>;
}

/** `/proc/PID/stat` counts in this. */
const CLOCK_TICK_US = 10_000;

/** Reads the time of all threads; the kernel knows their sum to the nanosecond, and how it is shared out to 10 ms. */
export async function cpuTimeOf(pid: number): Promise<CpuTime> {
  const [stat, tasks] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'latin1'),
    readdir(`/proc/${pid}/task`),
  ]);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const threadsUs: Record<string, number> = {};
  await Promise.all(
    tasks.map(async (task) => {
      const folder = `/proc/${pid}/task/${task}`;
      const texts = await Promise.all([
        readFile(`${folder}/comm`, 'latin1'),
        readFile(`${folder}/schedstat`, 'latin1'),
      ]).catch(() => null);
      if (texts === null) return;
      const name = texts[0].trim();
      threadsUs[name] = (threadsUs[name] ?? 0) + Number(texts[1].split(' ')[0]) / 1000;
    }),
  );
  const userUs = Number(fields[11]) * CLOCK_TICK_US;
  return { userUs, systemUs: Number(fields[12]) * CLOCK_TICK_US, threadsUs };
}

/** What lies between two readings. */
export function cpuTimeBetween(before: CpuTime, after: CpuTime): CpuTime {
  const threadsUs: Record<string, number> = {};
  for (const [name, us] of Object.entries(after.threadsUs)) {
    const spentUs = us - (before.threadsUs[name] ?? 0);
    if (spentUs > 0) threadsUs[name] = spentUs;
  }
  const userUs = after.userUs - before.userUs;
  const systemUs = after.systemUs - before.systemUs;
  const exactUs = Object.values(threadsUs).reduce((sum, us) => sum + us, 0);
  // Too little for a tick is said to be the system's.
  const userShare = userUs + systemUs > 0 ? userUs / (userUs + systemUs) : 0;
  return { userUs: exactUs * userShare, systemUs: exactUs * (1 - userShare), threadsUs };
}

/** Of a process, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}
