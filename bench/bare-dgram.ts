/**
 * The least that a server of taps in node is, for the benchmark: `node bench/bare-dgram.ts FOLDER`. Says its
 * control port on stdout, takes INV and BYE there, and ends by SIGTERM. Two sockets a call; each payload goes
 * into memory, and once a second into the leg's file in FOLDER. It places nothing, checks nothing and
 * decodes nothing.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const HOST = '127.0.0.1';
const WRITE_MS = 1000;
/** BYE is at another socket than what came before it. */
const LAST_MS = 500;
const CONTROL_BYTES = 4 * 1024 * 1024;
const COLON = 0x3a;
const COLONS = 5;

interface Leg {
  socket: Socket;
  file: number;
  bytes: Buffer;
  used: number;
}

const [folder = '.'] = process.argv.slice(2);
const calls = new Map<string, Leg[]>();
const answers = new Map<string, Promise<string>>();
const control = createSocket({ type: 'udp4', recvBufferSize: CONTROL_BYTES });

async function openLeg(uuid: string, name: string): Promise<Leg> {
  const socket = createSocket('udp4');
  const file = openSync(join(folder, `${uuid}-${name}`), 'wx', 0o640);
  const leg: Leg = { socket, file, bytes: Buffer.alloc(16_384), used: 0 };
  socket.on('message', (message) => {
    let start = 0;
    for (let colons = 0; colons < COLONS; start++) if (message[start] === COLON) colons++;
    const sizeBytes = message.length - start;
    if (leg.used + sizeBytes > leg.bytes.length) writeLeg(leg);
    message.copy(leg.bytes, leg.used, start);
    leg.used += sizeBytes;
  });
  socket.bind(0, HOST);
  await once(socket, 'listening');
  return leg;
}

function writeLeg(leg: Leg): void {
  if (leg.used > 0) writeSync(leg.file, leg.bytes, 0, leg.used);
  leg.used = 0;
}

function closeCall(uuid: string): void {
  for (const leg of calls.get(uuid) ?? []) {
    leg.socket.close();
    writeLeg(leg);
    closeSync(leg.file);
  }
  calls.delete(uuid);
}

async function openCall(uuid: string): Promise<string> {
  const legs = [await openLeg(uuid, 'R'), await openLeg(uuid, 'W')];
  calls.set(uuid, legs);
  const [readPort, writePort] = legs.map(({ socket }) => socket.address().port);
  return `ACK :${uuid}:${readPort}:${writePort}`;
}

/** An INV that comes again has the same answer. */
function invite(uuid: string): Promise<string> {
  const answer = answers.get(uuid) ?? openCall(uuid);
  answers.set(uuid, answer);
  return answer;
}

control.on('message', (message, { port, address }) => {
  const [verb, uuid = ''] = message.toString('latin1').split(':');
  if (verb === 'INV ') void invite(uuid).then((answer) => control.send(answer, port, address));
  if (verb !== 'BYE ') return;
  setTimeout(() => closeCall(uuid), LAST_MS);
  control.send(`ACK :${uuid}`, port, address);
});
setInterval(() => {
  for (const legs of calls.values()) for (const leg of legs) writeLeg(leg);
}, WRITE_MS);
process.on('SIGTERM', () => {
  setTimeout(() => {
    for (const uuid of [...calls.keys()]) closeCall(uuid);
    process.exit();
  }, LAST_MS);
});
control.bind(0, HOST, () => process.stdout.write(`${control.address().port}\n`));
