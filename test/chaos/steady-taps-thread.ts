import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { formatControl, formatData, type LegName } from '../../src/protocol/index.ts';
import { packetOf } from './numbered-audio.ts';
import type { FromTaps, SentCall, SteadyTapsSetup, ToTaps } from './steady-taps.ts';

const HOST = '127.0.0.1';
const PACKET_MS = 20;
/** The packets of a packet time leave in so many groups. */
const GROUPS = 10;
/** An INV is sent again until its ACK is here. */
const INV_MS = 200;

interface LegTap {
  socket: Socket;
  port: number;
}

interface CallTap extends SentCall {
  legs: Record<LegName, LegTap>;
}

const { controlPort, isOldForm, uuids } = workerData as SteadyTapsSetup;
const port = parentPort as NonNullable<typeof parentPort>;
const tell = (message: FromTaps) => port.postMessage(message);

const taps = await Promise.all(uuids.map(open));
await Promise.all(taps.map(invite));
const timer = setInterval(send, PACKET_MS / GROUPS);
const startMs = performance.now();
let groups = 0;
tell({ kind: 'answered' });

port.on('message', async ({ withBye }: ToTaps) => {
  clearInterval(timer);
  for (const { uuid, legs } of taps)
    if (withBye) await sendBytes(legs.R.socket, formatControl({ kind: 'bye', uuid }), controlPort);
  for (const { legs } of taps) for (const { socket } of socketsOf(legs)) socket.close();
  tell({ kind: 'sent', calls: taps.map(({ call, uuid, sentAtMs }) => ({ call, uuid, sentAtMs })) });
  port.close();
});

async function open(uuid: string, call: number): Promise<CallTap> {
  const R = await openLeg();
  const W = isOldForm ? R : await openLeg();
  return { call, uuid, sentAtMs: { R: [], W: [] }, legs: { R, W } };
}

async function openLeg(): Promise<LegTap> {
  const socket = createSocket('udp4').bind(0, HOST);
  await once(socket, 'listening');
  return { socket, port: controlPort };
}

/** Resolves once it is answered; the legs have the server's ports then. */
async function invite({ uuid, call, legs: { R, W } }: CallTap): Promise<void> {
  const readPort = R.socket.address().port;
  const ports = isOldForm ? null : { readPort, writePort: W.socket.address().port };
  const inv = formatControl({ kind: 'inv', uuid, caller: String(call), callee: '9000', ports });
  const again = setInterval(() => R.socket.send(inv, controlPort, HOST), INV_MS);
  R.socket.send(inv, controlPort, HOST);
  const [ack] = (await once(R.socket, 'message')) as [Buffer];
  clearInterval(again);
  const [, , read, write] = ack.toString('latin1').split(':');
  // Of the old form, or there was no port for it: all of it goes to the control port.
  if (read === undefined) return;
  R.port = Number(read);
  W.port = Number(write);
}

/** All that is due, which after a stall of this machine is more than one group. */
function send(): void {
  const due = ((performance.now() - startMs) / PACKET_MS) * GROUPS;
  for (; groups < due; groups++)
    for (let i = groups % GROUPS; i < taps.length; i += GROUPS)
      for (const leg of ['R', 'W'] as const) sendPacket(taps[i] as CallTap, leg);
}

function sendPacket({ call, uuid, sentAtMs, legs }: CallTap, leg: LegName): void {
  const { socket, port: to } = legs[leg];
  const number = sentAtMs[leg].push(Date.now()) - 1;
  socket.send(formatData(uuid, leg, 0, packetOf(call, leg, number)), to, HOST, () => {});
}

function socketsOf({ R, W }: Record<LegName, LegTap>): LegTap[] {
  return R === W ? [R] : [R, W];
}

function sendBytes(socket: Socket, bytes: Uint8Array, to: number): Promise<void> {
  return new Promise((resolve) => socket.send(bytes, to, HOST, () => resolve()));
}
