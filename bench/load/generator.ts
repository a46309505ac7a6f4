/**
 * The process that all packets of a run come from; `GeneratorProcess` is the other end. It sends with the
 * C library's own `send`, from two sockets of each call, and while packets are due it sleeps in the C
 * library too, which is more exact than node's timers.
 */
import { getPriority, setPriority } from 'node:os';
import type { ExchangeFigures } from './exchange.ts';
import type { Answered, Count, FromGenerator, ToGenerator } from './generator-messages.ts';
import { GROUPS, Pace } from './pace.ts';
import { Packets } from './packets.ts';
import { loadPosix, MSG_DONTWAIT } from './posix.ts';
import { Taps } from './taps.ts';

/** Elsewhere the world outside has a machine of its own; here it goes first, where that is allowed. */
const PRIORITY = -10;
try {
  setPriority(getPriority() + PRIORITY);
} catch {
  // Not as root: its lateness will tell.
}

const posix = loadPosix();
let taps: Taps | null = null;
let packets: Packets | null = null;
let pace: Pace | null = null;
let state: 'idle' | 'sending' | 'stopping' = 'idle';
let sent = 0;
let failed = 0;

process.on('message', (message: ToGenerator) => {
  handle(message).catch((error: Error) => answer({ kind: 'failed', text: error.message }));
});
process.on('disconnect', () => process.exit());

async function handle(message: ToGenerator): Promise<void> {
  switch (message.kind) {
    case 'invite':
      taps = new Taps(posix, message.options);
      packets = new Packets(message.options.calls, posix.address);
      pace = new Pace(message.options.calls);
      await taps.bind();
      return answer({ kind: 'answered', figures: figuresOf(taps.invite()) });
    case 'start':
      state = 'sending';
      (pace as Pace).start(performance.now());
      setImmediate(sendAll);
      return answer({ kind: 'started' });
    case 'count':
      return answer({ kind: 'counted', count: count() });
    case 'stop':
      state = 'stopping';
      return;
    case 'bye':
      return answer({ kind: 'answered', figures: figuresOf((taps as Taps).bye()) });
  }
}

/** Sends until it is told to stop, and listens for that each time all calls had their turn. */
function sendAll(): void {
  const paced = pace as Pace;
  if (state === 'stopping') {
    state = 'idle';
    return answer({ kind: 'stopped', count: count(), sentByLeg: (packets as Packets).sent });
  }
  for (let group = 0; group < GROUPS; group++) {
    const waitMs = paced.dueMs - performance.now();
    if (waitMs > 0) posix.usleep(Math.ceil(waitMs * 1000));
    paced.group(performance.now(), sendCall);
  }
  setImmediate(sendAll);
}

function sendCall(call: number): void {
  sendLeg(2 * call);
  sendLeg(2 * call + 1);
}

function sendLeg(leg: number): void {
  const { fds } = taps as Taps;
  const all = packets as Packets;
  const result = posix.send(fds[leg] as number, all.next(leg), all.sizeBytes, MSG_DONTWAIT);
  if (result === all.sizeBytes) {
    all.sent[leg] = (all.sent[leg] as number) + 1;
    sent++;
  } else failed++;
}

function count(): Count {
  const { user, system } = process.cpuUsage();
  return {
    atMs: Number(process.hrtime.bigint()) / 1e6,
    sent,
    failed,
    late: (pace as Pace).takeLateness(),
    cpuUs: user + system,
  };
}

function figuresOf({ seconds, latenciesMs, resent }: ExchangeFigures): Answered {
  const at = (share: number) => latenciesMs[Math.floor((latenciesMs.length - 1) * share)] ?? 0;
  const perSecond = latenciesMs.length / seconds;
  const { portless } = taps as Taps;
  return { seconds, perSecond, p50Ms: at(0.5), p99Ms: at(0.99), resent, portless };
}

function answer(message: FromGenerator): void {
  process.send?.(message);
}
