import { readdir, readFile } from 'node:fs/promises';
import type { CallStats } from '../capture/index.ts';
import type { Log } from '../log.ts';
import type { CallCounts } from './call-counts.ts';
import { descriptorLimitOf } from './descriptor-room.ts';
import type { RecordsFolder } from './health.ts';
import { LoopDelay } from './loop-delay.ts';

const MINUTE_MS = 60_000;
/** A server that has nothing to do says so this often. */
const IDLE_MINUTES = 60;

export interface MinuteLineOptions {
  log: Log;
  counts: CallCounts;
  liveCalls(): number;
  /** Datagrams that went nowhere since the start, by reason. */
  dropped(): Readonly<Record<string, number>>;
  /** What the workers know of the calls that run. */
  stats(): Promise<readonly CallStats[]>;
  /** How many further calls can have ports of their own. */
  freePairs(): number;
  /** Those that recordings go to. */
  folders(): readonly RecordsFolder[];
}

/** The figures that matter when something goes wrong, once a minute in one line of the log; quiet where nothing happens. */
export class MinuteLine {
  readonly #options: MinuteLineOptions;
  readonly #delay = new LoopDelay();
  #timer: NodeJS.Timeout | null = null;
  #quietMinutes = 0;
  #begun = 0;
  #packets = 0;
  #lostPackets = 0;
  #ended: Readonly<Record<string, number>> = {};
  #dropped: Readonly<Record<string, number>> = {};

  constructor(options: MinuteLineOptions) {
    this.#options = options;
  }

  start(): void {
    this.#delay.start();
    this.#timer = setInterval(() => void this.say(), MINUTE_MS);
  }

  close(): void {
    this.#delay.close();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** A minute is over: writes what there was since the last one. Never rejects. */
  async say(): Promise<void> {
    const { counts, log, liveCalls, dropped, freePairs, folders } = this.#options;
    const live = liveCalls();
    const packets = await this.#packetsSinceLast(live);
    const ended = { ...counts.ended };
    const drops = { ...dropped() };
    const figures = {
      calls: { live, begun: counts.begun - this.#begun, ended: grown(this.#ended, ended) },
      packets,
      lostPackets: counts.lostPackets - this.#lostPackets,
      dropped: grown(this.#dropped, drops),
    };
    this.#begun = counts.begun;
    this.#lostPackets = counts.lostPackets;
    this.#ended = ended;
    this.#dropped = drops;
    const loopDelayMs = this.#delay.takeP99Ms();
    if (isQuiet(figures) && ++this.#quietMinutes < IDLE_MINUTES) return;
    const minutes = Math.max(1, this.#quietMinutes);
    this.#quietMinutes = 0;
    const { rss: rssBytes } = process.memoryUsage();
    const own = { loopDelayMs, rssBytes, ...(await descriptors()), freePairs: freePairs() };
    const disks = folders().map(({ dir, freeBytes, room, failing }) => {
      return { dir, freeBytes, room, ...(failing !== null && { failing }) };
    });
    log.info({ ...figures, ...own, disks }, minutes > 1 ? 'the last hour' : 'the last minute');
  }

  /** A call that is just being made final counts again in the next minute. */
  async #packetsSinceLast(live: number): Promise<number> {
    let sum = this.#options.counts.packets;
    const stats = live === 0 ? [] : await this.#options.stats();
    for (const { legs } of stats) sum += legs.R.packets + legs.W.packets;
    const since = Math.max(0, sum - this.#packets);
    this.#packets += since;
    return since;
  }
}

interface Happened {
  calls: { live: number; begun: number; ended: object };
  packets: number;
  dropped: object;
}

function isQuiet({ calls, packets, dropped }: Happened): boolean {
  const sum = calls.live + calls.begun + packets;
  return sum + Object.keys(calls.ended).length + Object.keys(dropped).length === 0;
}

/** What is more than it was, by how much. */
function grown(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(now)
      .map(([name, count]): [string, number] => [name, count - (before[name] ?? 0)])
      .filter(([, count]) => count > 0),
  );
}

/** What this process has open and may have; nothing where the system does not tell. */
async function descriptors(): Promise<{ descriptors?: number; descriptorLimit?: number }> {
  try {
    const limit = descriptorLimitOf(await readFile('/proc/self/limits', 'utf8'));
    const open = (await readdir('/proc/self/fd')).length;
    return { descriptors: open, ...(limit !== null && { descriptorLimit: limit }) };
  } catch {
    // On other systems there is no such folder, and at the limit it can't be read.
    return {};
  }
}
