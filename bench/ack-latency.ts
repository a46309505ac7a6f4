/**
 * How long an INV waits for its ACK while calls run: `node bench/ack-latency.ts [CALLS [INV_PER_SECOND]]`.
 * Daemon, load and probe are three processes; the probe does nothing else, so that its own clock is true.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { COMMAND, DaemonProcess } from '../test/support/daemon-process.ts';

const PROBES = 1000;
/** The load is up to speed, and nothing of it has ended. */
const WARM_UP_MS = 2000;

const [calls = 300, perSecond = 100] = process.argv.slice(2).map(Number);

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
const latencies = await probe(daemon.port);
const [code] = await loadEnded;
latencies.sort((a, b) => a - b);
const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)]?.toFixed(2);
process.stdout.write(
  `${calls} calls, ${perSecond} INV/s: ${latencies.length} of ${PROBES} answered, ` +
    `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms; load ended ${code}\n`,
);

/** Sends INVs at an even pace, and to each its BYE; returns the time of each to its ACK in ms. */
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
  return latenciesMs;
}
