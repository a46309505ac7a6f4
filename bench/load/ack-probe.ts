/**
 * How long an INV waits for its ACK: `ack-probe.ts HOST PORT PER_SECOND SECONDS`, told to its parent. A process
 * that does nothing else; and the kernel says when the ACK came, so that it matters little when it is read.
 */
import { bindUdp } from '../../src/capture/bind-udp.ts';
import { loadLibc } from '../../src/capture/libc.ts';
import { BATCH_SIZE, MessageBatch } from '../../src/capture/mmsghdr.ts';
import { formatControl, parseControl } from '../../src/protocol/index.ts';
import { loadPosix, MSG_DONTWAIT, socketAddress } from './posix.ts';

/** What the parent is told. */
export interface ProbeFigures {
  sent: number;
  answered: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

const CLOCK_REALTIME = 0;
/** No call sends from there: none of the probes' calls has media. */
const PORTS = { readPort: 9, writePort: 9 };
const LAST_MS = 1000;

const [host = '', ...numbers] = process.argv.slice(2);
const [port = 0, perSecond = 0, seconds = 0] = numbers.map(Number);
const libc = loadLibc();
const posix = loadPosix();
const batch = new MessageBatch(libc);
const { fd } = await bindUdp(libc, '127.0.0.1', 0);
posix.connect(fd, socketAddress(host, port), 16);

const wall = new Uint32Array(4);
const wallBytes = new Uint8Array(wall.buffer);
const sentMs = new Map<string, number>();
const latenciesMs: number[] = [];

const startMs = performance.now();
const all = perSecond * seconds;
for (let sent = 0; sent < all; sent++) {
  sleepUntil(startMs + (sent * 1000) / perSecond);
  readAnswers();
  const uuid = `probe-${sent}`;
  const inv = formatControl({ kind: 'inv', uuid, caller: '1000', callee: '2000', ports: PORTS });
  sentMs.set(uuid, wallMs());
  send(inv);
}
sleepUntil(performance.now() + LAST_MS);
readAnswers();
latenciesMs.sort((a, b) => a - b);
const at = (share: number) => latenciesMs[Math.floor((latenciesMs.length - 1) * share)] ?? 0;
const figures: ProbeFigures = {
  ...{ sent: all, answered: latenciesMs.length },
  ...{ p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) },
};
process.send?.(figures, () => process.exit());

function wallMs(): number {
  libc.clock_gettime(CLOCK_REALTIME, wallBytes);
  return ((wall[0] as number) + (wall[1] as number) * 2 ** 32) * 1000 + (wall[2] as number) / 1e6;
}

function sleepUntil(untilMs: number): void {
  const leftMs = untilMs - performance.now();
  if (leftMs > 0) posix.usleep(Math.ceil(leftMs * 1000));
}

function send(datagram: Uint8Array): void {
  posix.send(fd, posix.address(datagram), datagram.length, MSG_DONTWAIT);
}

/** Ends each call that it finds opened. */
function readAnswers(): void {
  for (;;) {
    const count = libc.recvmmsg(fd, batch.address, BATCH_SIZE, MSG_DONTWAIT, 0);
    for (let i = 0; i < count; i++) {
      batch.readControl(i);
      const ack = parseControl((batch.slots[i] as Uint8Array).subarray(0, batch.sizeBytes(i)));
      if (ack.kind !== 'ack') continue;
      const invMs = sentMs.get(ack.uuid);
      if (invMs === undefined) continue;
      sentMs.delete(ack.uuid);
      latenciesMs.push(batch.stampSeconds * 1000 + batch.stampNanoseconds / 1e6 - invMs);
      send(formatControl({ kind: 'bye', uuid: ack.uuid }));
    }
    if (count > 0) batch.reset(count);
    if (count < BATCH_SIZE) return;
  }
}
