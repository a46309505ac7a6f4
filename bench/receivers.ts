/**
 * What it costs to receive, without a daemon behind it: `node bench/receivers.ts [SOCKETS [SECONDS [ROUNDS]]]`.
 * A process that is not counted sends 50 packets a second to each socket. The ways to receive take turns,
 * A B C A B C, so that what else the machine does meets them all; figures are medians of the rounds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { BatchedReceiver } from '../src/capture/batched-receiver.ts';
import { DgramReceiver } from '../src/capture/dgram-receiver.ts';
import type { Datagram, LegSocket, Receiver } from '../src/capture/receiver.ts';
import { DataHeader, parseData } from '../src/protocol/index.ts';

const HOST = '127.0.0.1';
/** Until compilers and caches have settled. */
const WARM_UP_MS = 1500;

const [sockets = 400, seconds = 5, rounds = 4] = process.argv.slice(2).map(Number);
const now = () => performance.now() * 1e6;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** `isListened`: as where somebody listens to every leg, which is then read every 20 ms. */
interface Way {
  open: () => Receiver;
  isListened: boolean;
}

const WAYS: Record<string, Way> = {
  'batched, 20 ms': { open: () => new BatchedReceiver(now), isListened: true },
  'batched, 100 ms': { open: () => new BatchedReceiver(now), isListened: false },
  dgram: { open: () => new DgramReceiver(now), isListened: false },
};

interface Figures {
  packets: number;
  userUs: number;
  systemUs: number;
}

const results = new Map<string, Figures[]>(Object.keys(WAYS).map((name) => [name, []]));
for (let round = 0; round < rounds; round++)
  for (const [name, way] of Object.entries(WAYS)) results.get(name)?.push(await measure(way));

const totals = (figures: Figures[]) =>
  figures.map(({ packets, userUs, systemUs }) => (userUs + systemUs) / packets);
process.stdout.write(`${sockets} sockets, 50 packets/s each, ${rounds} rounds of ${seconds} s\n`);
process.stdout.write('                 µs/packet    user  system   packets/s  dgram/this\n');
const dgram = totals(results.get('dgram') ?? []);
for (const [name, figures] of results) {
  const all = totals(figures);
  const user = median(figures.map(({ userUs, packets }) => userUs / packets));
  const system = median(figures.map(({ systemUs, packets }) => systemUs / packets));
  const rate = median(figures.map(({ packets }) => packets / seconds));
  const ratio = median(all.map((each, i) => (dgram[i] as number) / each));
  const columns = [median(all).toFixed(2).padStart(9), user.toFixed(2).padStart(8)];
  columns.push(
    system.toFixed(2).padStart(8),
    rate.toFixed(0).padStart(12),
    ratio.toFixed(2).padStart(12),
  );
  process.stdout.write(`${name.padEnd(17)}${columns.join('')}\n`);
}

async function measure({ open, isListened }: Way): Promise<Figures> {
  const receiver = open();
  const header = new DataHeader();
  let packets = 0;
  let malformed = 0;
  const take = ({ bytes, sizeBytes }: Datagram) => {
    packets++;
    if (parseData(bytes, header, sizeBytes) !== 'data') malformed++;
  };
  const bound: LegSocket[] = [];
  for (let i = 0; i < sockets; i++) bound.push(await receiver.bind(HOST, 0, take));
  if (isListened) for (const socket of bound) socket.listenUntil(Number.POSITIVE_INFINITY);
  const sender = startSender(bound.map(({ port }) => port));
  await pause(WARM_UP_MS);
  packets = 0;
  const before = process.cpuUsage();
  await pause(seconds * 1000);
  const { user, system } = process.cpuUsage(before);
  const received = packets;
  sender.kill();
  await Promise.all(bound.map((socket) => socket.close()));
  receiver.close();
  if (malformed > 0) throw new Error(`${malformed} packets were not what was sent`);
  return { packets: received, userUs: user, systemUs: system };
}

function startSender(ports: number[]): ChildProcess {
  const script = join(import.meta.dirname, 'paced-sender.ts');
  return spawn(process.execPath, [script, ...ports.map(String)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[half] as number)
    : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}
