/**
 * How long an INV waits for its ACK while calls run: `node bench/ack-latency.ts [CALLS [INV_PER_SECOND]]`.
 * Daemon, load and probe are three processes; the probe does nothing else, so that its own clock is true,
 * and asks a server that only answers in the same run: what the machine itself takes.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { COMMAND, DaemonProcess } from '../test/support/daemon-process.ts';

const PROBES = 1000;
/** The load is up to speed, and nothing of it has ended. */
const WARM_UP_MS = 2000;

const [calls = 300, perSecond = 100] = process.argv.slice(2).map(Number);

const floor = spawn(process.execPath, [join(import.meta.dirname, 'bare-ack.ts')]);
const barePort = Number(String((await once(floor.stdout, 'data'))[0]));
await using daemon = await DaemonProcess.start({ mediaPorts: '10000-15999' });
const seconds = Math.ceil(PROBES / perSecond) + 5;
const load = spawn(
  process.execPath,
  [
    ...[COMMAND, 'send', '--to', `127.0.0.1:${daemon.port}`, '--json', '--stagger', '2'],
    ...['--calls', String(calls), '--duration', `${seconds}s`],
    ...['--read', 'noise:1', '--write', 'noise:2'],
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
const loadEnded = once(load, 'exit');
await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
const [ours, bare] = await Promise.all([probe(daemon.port), probe(barePort)]);
const [code] = await loadEnded;
floor.kill();
process.stdout.write(`${calls} calls (load ended ${code}), ${perSecond} INV/s each, ms:\n`);
process.stdout.write(`rst-server  ${figures(ours)}\n`);
process.stdout.write(`bare floor  ${figures(bare)}\n`);
process.stdout.write(`p99 ratio   ${(quantile(ours, 0.99) / quantile(bare, 0.99)).toFixed(2)}\n`);

function quantile(sorted: number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] as number;
}

function figures(sorted: number[]): string {
  const shares = { p50: 0.5, p90: 0.9, p99: 0.99, max: 1 };
  const texts = Object.entries(shares).map(([name, share]) => {
    return `${name} ${quantile(sorted, share).toFixed(2)}`;
  });
  return `${texts.join('  ')}  answered ${sorted.length} of ${PROBES}`;
}

/** Sends INVs at an even pace, and to each its BYE; returns the time of each to its ACK in ms, sorted. */
async function probe(port: number): Promise<number[]> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const sentAtMs = new Map<string, number>();
  const latenciesMs: number[] = [];
  socket.on('message', (bytes) => {
    const uuid = bytes.toString('latin1').split(':')[1] as string;
    const sentMs = sentAtMs.get(uuid);
    if (sentMs === undefined) return;
    latenciesMs.push(performance.now() - sentMs);
    sentAtMs.delete(uuid);
    socket.send(`BYE :${uuid}`, port, '127.0.0.1');
  });
  const startMs = performance.now();
  for (let sent = 0; sent < PROBES; ) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    while (sent < PROBES && performance.now() - startMs >= (sent * 1000) / perSecond) {
      const uuid = `probe-${sent++}`;
      sentAtMs.set(uuid, performance.now());
      socket.send(`INV :${uuid}:caller:callee:40000:40001`, port, '127.0.0.1');
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  socket.close();
  return latenciesMs.sort((a, b) => a - b);
}
