import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { BatchedReceiver } from '../../src/capture/batched-receiver.ts';
import { loadLibc } from '../../src/capture/libc.ts';
import { OpenDescriptors } from '../../src/capture/open-descriptors.ts';
import type { Datagram, LegSocket } from '../../src/capture/receiver.ts';
import { RECEIVERS } from '../support/receivers.ts';

const HOST = '127.0.0.1';
const skip = !RECEIVERS.batched && 'no batched receiver on this machine';
const now = () => performance.now() * 1e6;
/** The two clocks of two processes begin at different times; this one they share. */
const sinceBootNs = () => Number(process.hrtime.bigint());

function open(t: TestContext, descriptors = new OpenDescriptors()): BatchedReceiver {
  const receiver = new BatchedReceiver(now, descriptors);
  t.after(() => receiver.close());
  return receiver;
}

async function bind(t: TestContext, receiver: BatchedReceiver, onDatagram: (d: Datagram) => void) {
  const socket = await receiver.bind(HOST, 0, onDatagram);
  t.after(() => socket.close());
  return socket;
}

async function senderAt(t: TestContext, host: string): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').bind(0, host);
  t.after(() => socket.close());
  await once(socket, 'listening');
  return socket;
}

/** Runs a script in another process while this one stands still; `send(text, port)` resolves when it is sent. */
function runWhileBlocked(script: string): string {
  const prelude = `
    const socket = require('node:dgram').createSocket('udp4').bind(0, '${HOST}');
    const send = (text, port) => new Promise((resolve) => socket.send(text, port, '${HOST}', resolve));
    const nowNs = () => Number(process.hrtime.bigint());
  `;
  const main = `(async () => { ${script} })().then(() => socket.close());`;
  return execFileSync(process.execPath, ['-e', prelude + main], { encoding: 'utf8' });
}

function textOf({ bytes, sizeBytes }: Datagram): string {
  return Buffer.from(bytes.subarray(0, sizeBytes)).toString();
}

describe('what only the batched receiver promises', { skip }, () => {
  test('a burst of 1,000 datagrams comes whole, in order', async (t) => {
    const receiver = open(t);
    const texts: string[][] = [[], [], [], []];
    const sockets: LegSocket[] = [];
    for (const all of texts)
      sockets.push(await bind(t, receiver, (datagram) => void all.push(textOf(datagram))));
    const ports = sockets.map(({ port }) => port);
    runWhileBlocked(`
      for (let i = 0; i < 250; i++) for (const port of [${ports}]) await send(String(i), port);
    `);
    await Promise.all(sockets.map((socket) => socket.drain()));
    const expected = Array.from({ length: 250 }, (_, i) => String(i));
    for (const all of texts) assert.deepEqual(all, expected);
  });

  test('a thread that stands still for 2 s loses nothing, and knows when each packet came', async (t) => {
    const receiver = open(t);
    const arrivals = Array.from({ length: 10 }, () => [] as number[]);
    const lags = new Set<number>();
    const sockets: LegSocket[] = [];
    const zeroNs = sinceBootNs() - now();
    for (const all of arrivals) {
      const socket = await bind(t, receiver, (datagram) => {
        all.push(datagram.arrivalNs + zeroNs);
        lags.add(datagram.lagNs);
      });
      sockets.push(socket);
    }
    const ports = sockets.map(({ port }) => port);
    const sent: [beforeNs: number, afterNs: number][] = JSON.parse(
      runWhileBlocked(`
        const sent = [];
        const payload = Buffer.alloc(200);
        const startNs = nowNs();
        for (let i = 0; i < 100; i++) {
          const restMs = (startNs + i * 20e6 - nowNs()) / 1e6;
          if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
          const beforeNs = nowNs();
          for (const port of [${ports}]) await send(payload, port);
          sent.push([beforeNs, nowNs()]);
        }
        console.log(JSON.stringify(sent));
      `),
    );
    await Promise.all(sockets.map((socket) => socket.drain()));
    assert.deepEqual([...lags], [0]);
    for (const all of arrivals) {
      assert.equal(all.length, 100);
      // The kernel stamps within the call that sends, or a moment later.
      for (const [i, [beforeNs, afterNs]] of sent.entries()) {
        const arrivalNs = all[i] as number;
        assert.ok(arrivalNs > beforeNs - 1e6 && arrivalNs < afterNs + 20e6, `packet ${i}`);
      }
    }
  });

  test('each datagram has its own sender, though many take turns', async (t) => {
    const receiver = open(t);
    const from: [text: string, sender: string][] = [];
    const all = Promise.withResolvers<void>();
    const { port } = await bind(t, receiver, (datagram) => {
      from.push([textOf(datagram), `${datagram.address}:${datagram.port}`]);
      if (from.length === 60) all.resolve();
    });
    const senders = await Promise.all([HOST, HOST, '127.0.0.2'].map((host) => senderAt(t, host)));
    for (let i = 0; i < 60; i++) senders[i % 3]?.send(String(i % 3), port, HOST);
    await all.promise;
    const names = senders.map((socket) => `${socket.address().address}:${socket.address().port}`);
    for (const [text, sender] of from) assert.equal(sender, names[Number(text)]);
  });

  test('what IPv4 senders are called at an IPv6 socket is what node calls them', async (t) => {
    const name = async (receive: (take: (address: string) => void) => Promise<number>) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      (await senderAt(t, HOST)).send('x', await receive(resolve), HOST);
      return promise;
    };
    const receiver = open(t);
    const ours = await name(async (take) => {
      const socket = await receiver.bind('::', 0, ({ address }) => take(address));
      t.after(() => socket.close());
      return socket.port;
    });
    const nodes = await name(async (take) => {
      const socket = await senderAt(t, '::');
      socket.on('message', (_, { address }) => take(address));
      return socket.address().port;
    });
    assert.equal(ours, nodes);
  });

  test('a datagram of any size comes whole, an empty one too', async (t) => {
    const receiver = open(t);
    const sizes: number[] = [];
    const socket = await bind(t, receiver, ({ sizeBytes }) => void sizes.push(sizeBytes));
    const { port } = socket;
    runWhileBlocked(`for (const n of [0, 1, 1972, 65507]) await send(Buffer.alloc(n), ${port});`);
    await socket.drain();
    assert.deepEqual(sizes, [0, 1, 1972, 65_507]);
  });

  test('what the kernel had no room for is counted', async (t) => {
    const receiver = open(t);
    let received = 0;
    let lost = 0;
    const socket = await bind(t, receiver, ({ overflows }) => {
      received++;
      lost += overflows;
    });
    const { port } = socket;
    const flood = 3000;
    runWhileBlocked(`for (let i = 0; i < ${flood}; i++) await send(Buffer.alloc(1400), ${port});`);
    await socket.drain();
    assert.ok(received < flood);
    runWhileBlocked(`await send('last', ${port});`);
    await socket.drain();
    assert.equal(received + lost, flood + 1);
  });

  test('a socket that is closed while a batch is handed on gets no more of it', async (t) => {
    const receiver = open(t);
    let count = 0;
    const socket = await bind(t, receiver, () => {
      if (++count === 3) void socket.close();
    });
    runWhileBlocked(`for (let i = 0; i < 10; i++) await send('x', ${socket.port});`);
    await socket.drain();
    assert.equal(count, 3);
  });

  test('closing leaves no descriptor', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const receiver = new BatchedReceiver(now);
    const sockets = [];
    for (let i = 0; i < 20; i++) sockets.push(await receiver.bind(HOST, 0, () => {}));
    const taken = sockets[0]?.port as number;
    await assert.rejects(
      receiver.bind(HOST, taken, () => {}),
      { code: 'EADDRINUSE' },
    );
    assert.equal(readdirSync('/proc/self/fd').length, before + 20);
    await Promise.all(sockets.map((socket) => socket.close()));
    await Promise.all(sockets.map((socket) => socket.drain()));
    receiver.close();
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });

  test('the sockets of a thread that is gone are closed by who is left', async (t) => {
    const descriptors = new OpenDescriptors();
    const receiver = open(t, descriptors);
    const [left, closed] = [
      await receiver.bind(HOST, 0, () => {}),
      await receiver.bind(HOST, 0, () => {}),
    ];
    await closed.close();
    receiver.close();
    new OpenDescriptors(descriptors.shared).closeAll(loadLibc());
    const again = createSocket('udp4').bind({ port: left.port, address: HOST, exclusive: true });
    await once(again, 'listening');
    again.close();
  });
});
