import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { describe, type TestContext, test } from 'node:test';
import { BatchedReceiver } from '../../src/capture/batched-receiver.ts';
import { type BoundUdp, bindUdp, share } from '../../src/capture/bind-udp.ts';
import { loadLibc } from '../../src/capture/libc.ts';
import { DATA_SOCKETS, dataSocketOf, steer } from '../../src/capture/steering.ts';
import { RECEIVERS } from '../support/receivers.ts';

const HOST = '127.0.0.1';
const TICK_MS = 20;
const skip = !RECEIVERS.batched && 'no batched receiver on this machine';
const UUIDS = [
  ...Array.from({ length: 200 }, () => randomUUID()),
  ...Array.from({ length: 200 }, (_, i) => `call-${1_000_000 + i}`),
  ...['a', '~', 'z'.repeat(36), 'z'.repeat(37), 'z'.repeat(128)],
];

/** A port that is shared out: sockets in the order of their binding, and which of them got what. */
async function openShared(t: TestContext) {
  const libc = loadLibc();
  const receiver = new BatchedReceiver(() => performance.now() * 1e6, undefined, TICK_MS);
  t.after(() => receiver.close());
  const got = new Map<string, number[]>();
  let wanted = 0;
  let whenThere = () => {};
  const adopt = (index: number, bound: BoundUdp) => {
    const socket = receiver.adopt(bound, ({ bytes, sizeBytes }) => {
      const text = Buffer.from(bytes.subarray(0, sizeBytes)).toString();
      got.set(text, [...(got.get(text) ?? []), index]);
      if (--wanted === 0) whenThere();
    });
    t.after(() => socket.close());
    return socket;
  };
  const first = await bindUdp(libc, HOST, 0);
  const sockets = [adopt(0, first)];
  share(libc, first.fd);
  for (let i = 1; i <= DATA_SOCKETS; i++)
    sockets.push(adopt(i, await bindUdp(libc, HOST, first.port, { isShared: true })));
  assert.ok(steer(libc, first.fd));
  const client = createSocket('udp4');
  t.after(() => client.close());
  /** Sends and resolves with the sockets that have got it, by datagram. */
  const send = async (...datagrams: string[]) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    got.clear();
    wanted = datagrams.length;
    whenThere = resolve;
    for (const datagram of datagrams) client.send(datagram, first.port, HOST);
    await promise;
    return got;
  };
  return { sockets, send };
}

describe('the program that shares the control port out', { skip }, () => {
  test('gives all DATA of a call to one socket, the one that is reckoned here', async (t) => {
    const { send } = await openShared(t);
    const datagramsOf = (uuid: string) => [
      `DATA:${uuid}:R:00:160:xyz`,
      `DATA:${uuid}:W:08:20,7,160:${uuid}`,
      `DATA:${uuid}:R:::`,
    ];
    const got = await send(...UUIDS.flatMap(datagramsOf));
    for (const uuid of UUIDS)
      for (const text of datagramsOf(uuid))
        assert.deepEqual(got.get(text), [dataSocketOf(uuid) + 1], text);
  });

  test('leaves everything else, and what is too short for DATA, to the first socket', async (t) => {
    const { send } = await openShared(t);
    const others = ['INV :u:a:b', 'BYE :u', 'ACK :u', 'hello', '', 'D', 'DATA', 'DATA:', 'DATA:u'];
    const got = await send(...others);
    for (const text of others) assert.deepEqual(got.get(text), [0], text);
  });

  test('goes on as before for those that are left when the last ones are closed', async (t) => {
    const { send, sockets } = await openShared(t);
    const left = 1 + DATA_SOCKETS / 2;
    for (const socket of sockets.slice(left).reverse()) await socket.close();
    const reached = UUIDS.filter((uuid) => dataSocketOf(uuid) + 1 < left);
    const got = await send(...reached.map((uuid) => `DATA:${uuid}:R:00:1:x`), 'INV :u:a:b');
    assert.deepEqual(got.get('INV :u:a:b'), [0]);
    for (const uuid of reached)
      assert.deepEqual(got.get(`DATA:${uuid}:R:00:1:x`), [dataSocketOf(uuid) + 1]);
  });

  test('spreads calls evenly, whatever their UUIDs are like', () => {
    const kinds: Record<string, (i: number) => string> = {
      random: () => randomUUID(),
      numbered: (i) => `call-${i}`,
      'numbered at the start': (i) => `${i}-7d4dbb1c-3f0a-4c7e-8c53`,
      'by time': (i) => `${(0x01900000 + i).toString(16)}-3f0a-11ee-8c53-6a1f2b9c0002`,
      'numbered with zeros': (i) => `7d4dbb1c-3f0a-4c7e-8c53-${String(i).padStart(12, '0')}`,
    };
    const perSocket = 16;
    for (const [kind, uuidOf] of Object.entries(kinds)) {
      const counts = new Array(DATA_SOCKETS).fill(0);
      for (let i = 0; i < DATA_SOCKETS * perSocket; i++) counts[dataSocketOf(uuidOf(i))]++;
      // By chance it is more than that once in some ten million times.
      assert.ok(Math.max(...counts) <= 3 * perSocket, `${kind}: ${counts}`);
    }
  });
});
