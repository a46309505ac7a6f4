import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { describe, type TestContext, test } from 'node:test';
import type { Datagram, Receiver } from '../../src/capture/receiver.ts';
import { RECEIVERS } from '../support/receivers.ts';

const HOST = '127.0.0.1';

interface Received {
  text: string;
  sizeBytes: number;
  arrivalNs: number;
  address: string;
  port: number;
}

/** Keeps what comes and lets a test wait for the next. */
function inbox() {
  const { promise, resolve } = Promise.withResolvers<Received>();
  const all: Received[] = [];
  const take = ({ bytes, sizeBytes, arrivalNs, address, port }: Datagram) => {
    const text = Buffer.from(bytes.subarray(0, sizeBytes)).toString();
    all.push({ text, sizeBytes, arrivalNs, address, port });
    resolve(all[0] as Received);
  };
  return { all, take, first: promise };
}

/** Sends from another process while this one stands still, so that all of it waits in the kernel. */
function sendWhileBlocked(port: number, count: number): void {
  const script = `
    const socket = require('node:dgram').createSocket('udp4');
    let left = ${count};
    for (let i = 0; i < ${count}; i++)
      socket.send(String(i), ${port}, '${HOST}', () => --left || socket.close());
  `;
  execFileSync(process.execPath, ['-e', script]);
}

const hasIPv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

for (const [name, openReceiver] of Object.entries(RECEIVERS))
  describe(`the ${name} receiver`, () => {
    /** One that is closed with all its sockets when the test is over. */
    function open(t: TestContext): Receiver {
      const receiver = openReceiver(() => performance.now() * 1e6);
      const bind = receiver.bind.bind(receiver);
      receiver.bind = async (...args) => {
        const socket = await bind(...args);
        t.after(() => socket.close());
        return socket;
      };
      t.after(() => receiver.close());
      return receiver;
    }

    test('a datagram comes with its bytes, the time and its sender', async (t) => {
      const receiver = open(t);
      const sentNs = performance.now() * 1e6;
      const { all, take, first } = inbox();
      const bound = await receiver.bind(HOST, 0, take);
      const sender = createSocket('udp4').bind(0, HOST);
      t.after(() => sender.close());
      await once(sender, 'listening');
      sender.send('hello', bound.port, HOST);
      await first;
      const { port } = sender.address();
      const arrivalNs = all[0]?.arrivalNs as number;
      assert.deepEqual(all, [{ text: 'hello', sizeBytes: 5, arrivalNs, address: HOST, port }]);
      // The kernel's clock is read with a few microseconds' doubt.
      assert.ok(arrivalNs > sentNs - 1e6 && arrivalNs <= performance.now() * 1e6);
    });

    test('a port that somebody has is refused with the code of the system', async (t) => {
      const receiver = open(t);
      const bound = await receiver.bind(HOST, 0, () => {});
      await assert.rejects(
        receiver.bind(HOST, bound.port, () => {}),
        { code: 'EADDRINUSE' },
      );
      await assert.rejects(
        receiver.bind('192.0.2.1', 0, () => {}),
        { code: 'EADDRNOTAVAIL' },
      );
    });

    test('closing frees the port, twice is as good as once, and nothing comes afterwards', async (t) => {
      const receiver = open(t);
      const { all, take } = inbox();
      const bound = await receiver.bind(HOST, 0, take);
      const again = inbox();
      const closed = bound.close();
      assert.equal(bound.close(), closed);
      await closed;
      const second = await receiver.bind(HOST, bound.port, again.take);
      sendWhileBlocked(second.port, 1);
      await again.first;
      assert.equal(again.all.length, 1);
      assert.equal(all.length, 0);
    });

    test('a drain hands on all that the kernel held when it began', async (t) => {
      const receiver = open(t);
      const one = inbox();
      const other = inbox();
      const sockets = [
        await receiver.bind(HOST, 0, one.take),
        await receiver.bind(HOST, 0, other.take),
      ];
      for (const { port } of sockets) sendWhileBlocked(port, 150);
      assert.equal(one.all.length + other.all.length, 0);
      await Promise.all(sockets.map((socket) => socket.drain()));
      const expected = Array.from({ length: 150 }, (_, i) => String(i));
      assert.deepEqual(
        one.all.map(({ text }) => text),
        expected,
      );
      assert.deepEqual(
        other.all.map(({ text }) => text),
        expected,
      );
    });

    test('a drain of nothing ends at once', async (t) => {
      const receiver = open(t);
      const { all, take } = inbox();
      const socket = await receiver.bind(HOST, 0, take);
      await socket.drain();
      assert.deepEqual(all, []);
    });

    test('an IPv6 address is received on too', { skip: !hasIPv6 && 'no ::1 here' }, async (t) => {
      const receiver = open(t);
      const { take, first } = inbox();
      const bound = await receiver.bind('::1', 0, take);
      const sender = createSocket('udp6');
      t.after(() => sender.close());
      sender.send('six', bound.port, '::1');
      assert.equal((await first).address, '::1');
    });
  });
