import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { DaemonProcess } from '../support/daemon-process.ts';
import { Tap } from '../support/tap.ts';
import { datagramAt, KINDS, type Kind, LIVE_CALLS } from './datagrams.ts';
import { ALLOWED, FuzzSockets } from './fuzz-sockets.ts';
import { LiveCalls } from './live-calls.ts';
import { udpQueues, type VitalSigns, vitalSigns } from './vital-signs.ts';

export interface FuzzOptions {
  seed: number;
  datagrams: number;
  /** It ends early after so long. */
  seconds: number;
  /** `FIRST-LAST`; enough for all calls that run at a time. */
  mediaPorts?: string;
  /** Told a few times a minute. */
  onProgress?: (sent: number, signs: VitalSigns) => void;
}

export interface FuzzReport {
  seed: number;
  /** By which the control port is read. */
  receiver: string;
  /** Sent, and how many of each kind. */
  datagrams: number;
  kinds: Record<Kind, number>;
  seconds: number;
  /** Datagrams that came back to the sockets of the fuzz. */
  answers: number;
  /** Calls that it opened, beside the live ones and the probes. */
  calls: number;
  probes: number;
  /** The longest that a probe waited for its ACK. */
  slowestProbeMs: number;
  /** How late the live calls' own sender was at the worst. */
  liveLateMs: number;
  /** Before the first datagram, the most at any time, and when all calls were over. */
  descriptors: { before: number; most: number; after: number };
  /** After the warm-up (null in a run that is shorter), the most at any time, and with the last datagram. */
  residentMB: { warm: number | null; most: number; last: number };
  /** What the daemon dropped, by reason. */
  dropped: Record<string, number>;
  /** Why it failed; empty where it did not. */
  faults: string[];
}

/** The queues of the kernel are looked at so often, and a probe is sent so often. */
const LOOK_EVERY = 100;
const PROBE_EVERY = 2000;
const SAMPLE_EVERY_MS = 500;
const PROGRESS_EVERY_MS = 15_000;
/** A quarter of a buffer waiting is time to wait. A leg port has the system's usual buffer, 208 KiB. */
const LEG_WAITING_BYTES = 48 * 1024;
const CONTROL_BUFFER_BYTES = 8e6;

const PROBE_TIMEOUT_MS = 10_000;
/** All calls of the fuzz are over, their ports have rested and are closed. */
const SETTLE_MS = 60_000;
/** What is open beyond that of the start when everything is over. */
const DESCRIPTORS_LEFT = 8;
/** The ports of `media.ports`, and a handful of files for each call. */
const DESCRIPTORS_MOST = 1200;
const RESIDENT_MOST_BYTES = 512e6;
/** By how much memory may grow after a warm-up. */
const RESIDENT_GROWTH_BYTES = 64e6;
const WARM_UP_MS = 25_000;
/** The server remembers so many calls that have ended, for up to an hour; once it does, it is warm in any case. */
const CALLS_REMEMBERED = 20_000;
/** Fewer samples after it than this say nothing about growth. */
const SAMPLES_FOR_GROWTH = 10;

/** Fuzzes a daemon of its own beside live calls. Linux only; rejects where the daemon does not even start. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seed, mediaPorts = '11000-11799' } = options;
  await using daemon = await DaemonProcess.start({
    mediaPorts,
    env: {
      RST_SERVER_ALLOW: ALLOWED,
      // All of it is to be looked at.
      RST_SERVER_MAX_INV_RATE: '0',
      RST_SERVER_MAX_GARBAGE_RATE: '0',
      RST_CALLS_IDLE_TIMEOUT: '5s',
      RST_CALLS_NO_MEDIA_TIMEOUT: '3s',
      RST_MEDIA_PORT_REST: '1s',
      RST_RECORDS_SYNC: 'none',
    },
  });
  const before = vitalSigns(daemon.process.pid as number).descriptors;
  const live = new LiveCalls(daemon, seed);
  try {
    await within(30_000, 'the live calls to start', live.started());
    return await new Fuzz(options, daemon, live, before).run();
  } finally {
    await live.close();
  }
}

class Fuzz {
  readonly #options: FuzzOptions;
  readonly #daemon: DaemonProcess;
  readonly #live: LiveCalls;
  readonly #pid: number;
  readonly #before: number;
  readonly #kinds = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  readonly #faults: string[] = [];
  readonly #samples: (VitalSigns & { atMs: number; calls: number })[] = [];
  readonly #controlWaitingBytes: number;
  #drops = new Map<number, number>();
  #probes = 0;
  #logRead = 0;
  #callsBegun = 0;
  #slowestProbeMs = 0;
  #sent = 0;

  constructor(options: FuzzOptions, daemon: DaemonProcess, live: LiveCalls, before: number) {
    this.#options = options;
    this.#daemon = daemon;
    this.#live = live;
    this.#pid = daemon.process.pid as number;
    this.#before = before;
    const smaller = daemon.log.find((line) => typeof line.gotBytes === 'number');
    // The kernel counts twice what was asked for, its own overhead included.
    this.#controlWaitingBytes = (2 * Number(smaller?.gotBytes ?? CONTROL_BUFFER_BYTES)) / 4;
  }

  async run(): Promise<FuzzReport> {
    const startMs = performance.now();
    await using sockets = await FuzzSockets.open(this.#daemon.port);
    await using probe = await Tap.open(this.#daemon.port);
    let seconds = 0;
    let after = Number.NaN;
    try {
      await this.#send(sockets, probe);
      seconds = (performance.now() - startMs) / 1000;
      this.#look();
      this.#faults.push(...(await within(SETTLE_MS, 'the live calls to end', this.#live.stop())));
      after = await this.#settle();
      if (after > this.#mayBeLeft())
        this.#faults.push(
          `${after} descriptors are left, ${this.#before} at the start, ${this.#mayBeLeft()} may be`,
        );
    } catch (error) {
      this.#faults.push(error instanceof Error ? error.message : String(error));
    }
    await this.#judge(sockets);
    const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b), 0);
    const resident = this.#samples.map(({ residentBytes }) => residentBytes);
    const lines = this.#daemon.log;
    const started = lines.filter(({ msg }) => msg === 'call started').length;
    const dropped = lines.findLast(({ msg }) => msg === 'datagrams dropped since the start');
    return {
      seed: this.#options.seed,
      receiver: String(lines.find(({ msg }) => msg === 'listening')?.controlReceiver),
      datagrams: this.#sent,
      kinds: this.#kinds,
      seconds,
      answers: sockets.answers,
      calls: started - LIVE_CALLS - this.#probes,
      probes: this.#probes,
      slowestProbeMs: Math.round(this.#slowestProbeMs),
      liveLateMs: this.#live.worstLateMs,
      descriptors: {
        before: this.#before,
        most: most(this.#samples.map(({ descriptors }) => descriptors)),
        after,
      },
      residentMB: {
        warm: this.#warmed[0] === undefined ? null : toMB(this.#warmed[0]),
        most: toMB(most(resident)),
        last: toMB(resident.at(-1) ?? 0),
      },
      dropped: (dropped?.dropped ?? {}) as Record<string, number>,
      faults: this.#faults,
    };
  }

  async #send(sockets: FuzzSockets, probe: Tap): Promise<void> {
    const { seed, datagrams, seconds, onProgress } = this.#options;
    const startMs = performance.now();
    const endMs = startMs + seconds * 1000;
    let sampledMs = 0;
    let toldMs = startMs;
    for (let index = 0; index < datagrams; index++) {
      const datagram = datagramAt(seed, index);
      this.#kinds[datagram.kind]++;
      this.#sent++;
      sockets.send(datagram, this.#live.ports);
      if ((index + 1) % LOOK_EVERY !== 0) continue;
      await turn();
      await this.#room();
      if ((index + 1) % PROBE_EVERY === 0) await this.#probe(probe);
      const nowMs = performance.now();
      if (nowMs >= endMs) return;
      if (nowMs - sampledMs < SAMPLE_EVERY_MS) continue;
      sampledMs = nowMs;
      this.#assertAlive();
      const signs = vitalSigns(this.#pid);
      this.#samples.push({ ...signs, atMs: nowMs - startMs, calls: this.#countCalls() });
      if (nowMs - toldMs < PROGRESS_EVERY_MS) continue;
      toldMs = nowMs;
      onProgress?.(this.#sent, signs);
    }
  }

  #assertAlive(): void {
    const { exitCode, signalCode } = this.#daemon.process;
    if (exitCode !== null || signalCode !== null) throw new Error('the daemon has ended');
  }

  /** Resolves when the daemon has read most of what it was sent. */
  async #room(): Promise<void> {
    for (let waits = 0; ; waits++) {
      const { control, leg } = this.#look();
      if (control < this.#controlWaitingBytes && leg < LEG_WAITING_BYTES) return;
      if (waits > 5000) throw new Error('the daemon has not read its ports for 10 s');
      await sleep(2);
    }
  }

  /** What waits in the kernel; notes what it has dropped. */
  #look(): { control: number; leg: number } {
    const queues = udpQueues();
    const control = queues.get(this.#daemon.port);
    const legs = this.#live.ports.flatMap((ports) => (ports ? [ports.R, ports.W] : []));
    for (const port of [this.#daemon.port, ...legs]) {
      const drops = queues.get(port)?.drops ?? 0;
      if (drops <= (this.#drops.get(port) ?? 0)) continue;
      this.#drops.set(port, drops);
    }
    return {
      // They share the buffer.
      control: (control?.waitingBytes ?? 0) * (control?.sockets ?? 1),
      leg: Math.max(...legs.map((port) => queues.get(port)?.waitingBytes ?? 0)),
    };
  }

  /** An INV and a BYE that must be answered. */
  async #probe(probe: Tap): Promise<void> {
    const uuid = `probe-${this.#probes++}`;
    const startMs = performance.now();
    const answered = probe.invite(uuid, false).then(() => probe.bye(uuid));
    await within(PROBE_TIMEOUT_MS, `the ACK of probe ${uuid}`, answered);
    this.#slowestProbeMs = Math.max(this.#slowestProbeMs, performance.now() - startMs);
    probe.received.length = 0;
  }

  /** Resolves when all is over, with the descriptors that are open then. */
  async #settle(): Promise<number> {
    const endMs = performance.now() + SETTLE_MS;
    for (;;) {
      this.#assertAlive();
      const { descriptors } = vitalSigns(this.#pid);
      if (descriptors <= this.#mayBeLeft() || performance.now() > endMs) return descriptors;
      await sleep(250);
    }
  }

  /** The ports of calls that ended for want of media are kept for an hour, should it come. */
  #mayBeLeft(): number {
    // Of each UUID the last call counts; the log says one's end after the start of the next.
    const hadPorts = new Map<string, boolean>();
    const mayGoOn = new Map<string, boolean>();
    for (const { msg, uuid, ports, endReason } of this.#daemon.log) {
      if (uuid === undefined) continue;
      if (msg === 'call started') hadPorts.set(uuid, Boolean(ports));
      if (msg === 'call ended') mayGoOn.set(uuid, /^(idle|no-media)$/.test(String(endReason)));
    }
    const kept = [...hadPorts].filter(([uuid, ports]) => ports && mayGoOn.get(uuid));
    return this.#before + DESCRIPTORS_LEFT + 2 * kept.length;
  }

  async #judge(sockets: FuzzSockets): Promise<void> {
    const { log } = this.#daemon;
    const fault = (isFault: boolean, text: string) => {
      if (isFault) this.#faults.push(text);
    };
    const code = await within(SETTLE_MS, 'the daemon to stop', this.#daemon.stop()).catch(
      (error: Error) => {
        this.#daemon.process.kill('SIGKILL');
        return error.message;
      },
    );
    fault(code !== 0, `the daemon ended with ${code ?? this.#daemon.process.signalCode}`);
    for (const line of log)
      fault(line.level === 'error' || line.level === 'fatal', `logged: ${JSON.stringify(line)}`);
    fault(this.#daemon.stderr !== '', `on stderr: ${this.#daemon.stderr}`);
    for (const [port, drops] of this.#drops)
      fault(true, `the kernel dropped ${drops} datagrams at port ${port}`);
    for (const [address, bytes] of sockets.answeredBytes) {
      const sent = sockets.sentBytes.get(address) ?? 0;
      fault(bytes > sent, `${address} got ${bytes} bytes for ${sent}`);
      fault(address === '127.0.0.4', 'an address outside of server.allow was answered');
    }
    const count = (msg: string) => log.filter((line) => line.msg === msg).length;
    const [started, ended] = [count('call started'), count('call ended')];
    fault(started !== ended, `${started} calls were started and ${ended} ended`);
    const parts = (await this.#daemon.files()).filter((file) => /\.part|journal/.test(file));
    fault(parts.length > 0, `left behind: ${parts.slice(0, 5).join(', ')}`);
    this.#judgeSigns(fault);
  }

  #judgeSigns(fault: (isFault: boolean, text: string) => void): void {
    for (const { descriptors, residentBytes } of this.#samples) {
      fault(descriptors > DESCRIPTORS_MOST, `${descriptors} descriptors were open`);
      fault(residentBytes > RESIDENT_MOST_BYTES, `${toMB(residentBytes)} MB were resident`);
    }
    const warmed = this.#warmed;
    if (warmed.length < SAMPLES_FOR_GROWTH) return;
    const few = Math.ceil(warmed.length / 5);
    const grownBytes = median(warmed.slice(-few)) - median(warmed.slice(0, few));
    fault(
      grownBytes > RESIDENT_GROWTH_BYTES,
      `memory grew by ${toMB(grownBytes)} MB after the warm-up`,
    );
  }

  /**
   * Resident bytes from the end of the warm-up on. That is a quarter of a long run, and of one with so many
   * calls what comes before the server remembers no more of them.
   */
  get #warmed(): number[] {
    const last = this.#samples.at(-1);
    const warmMs = Math.max(WARM_UP_MS, (last?.atMs ?? 0) / 4);
    const least = (last?.calls ?? 0) >= CALLS_REMEMBERED ? CALLS_REMEMBERED : 0;
    return this.#samples
      .filter(({ atMs, calls }) => atMs >= warmMs && calls >= least)
      .map(({ residentBytes }) => residentBytes);
  }

  /** So many have begun until now. */
  #countCalls(): number {
    const { log } = this.#daemon;
    for (; this.#logRead < log.length; this.#logRead++)
      if (log[this.#logRead]?.msg === 'call started') this.#callsBegun++;
    return this.#callsBegun;
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

function toMB(bytes: number): number {
  return Math.round(bytes / 1e6);
}

async function within<T>(timeoutMs: number, what: string, task: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${what}: not within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  try {
    return await Promise.race([task, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
