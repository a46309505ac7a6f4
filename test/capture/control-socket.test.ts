import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { constants, networkInterfaces } from 'node:os';
import { describe, type TestContext, test } from 'node:test';
import { BatchedReceiver } from '../../src/capture/batched-receiver.ts';
import {
  AllowList,
  ControlSocket,
  Peers,
  type ReceiverName,
  type Source,
} from '../../src/capture/index.ts';
import { type Libc, loadLibc } from '../../src/capture/libc.ts';
import { formatData, uuidOf } from '../../src/protocol/index.ts';
import { RECEIVER_NAMES, RECEIVERS } from '../support/receivers.ts';

const skip = !RECEIVERS.batched && 'no batched receiver on this machine';
const SO_ATTACH_REUSEPORT_CBPF = 51;
const HOST = '127.0.0.1';
/** Room for all that a test sends. */
const BUFFER_BYTES = 2 ** 22;
const now = () => performance.now() * 1e6;

interface OpenOptions {
  receiver?: ReceiverName;
  allow?: string[];
  host?: string;
  libc?: () => Libc;
  /** How long the handler of DATA keeps the thread. */
  dataTakesMs?: number;
  port?: number;
}

/** A started control socket, a client beside it, and what has been dispatched, to wait for. */
async function open(t: TestContext, options: OpenOptions = {}) {
  const { receiver = 'dgram', allow, host = HOST, libc, dataTakesMs = 0, port = 0 } = options;
  const calls: unknown[][] = [];
  const arrivalsNs: number[] = [];
  let wanted = 0;
  let whenThere = () => {};
  const note = (arrivalNs: number | null, ...call: unknown[]) => {
    calls.push(call);
    if (arrivalNs !== null) arrivalsNs.push(arrivalNs);
    if (calls.length >= wanted) whenThere();
  };
  const control = new ControlSocket(
    {
      inv: (message, source, arrivalNs) => note(arrivalNs, 'inv', message, source),
      bye: (message, source, arrivalNs) => note(arrivalNs, 'bye', message, source),
      data: (header, bytes, source, arrivalNs) => {
        const payload = Buffer.from(bytes.subarray(header.payloadStart)).toString();
        const { leg, payloadType } = header;
        const untilMs = performance.now() + dataTakesMs;
        while (performance.now() < untilMs);
        note(arrivalNs, 'data', uuidOf(bytes, header), leg, payloadType, payload, source);
      },
      malformed: (source, reason) => note(null, 'malformed', source, reason),
      limited: (source) => note(null, 'limited', source),
      refused: (source) => note(null, 'refused', source),
      overflowed: (packets) => note(null, 'overflowed', packets),
    },
    now,
    allow && new Peers(new AllowList(allow)),
    libc,
  );
  t.after(() => control.close());
  const reading = await control.start(host, port, BUFFER_BYTES, receiver);
  const to = isIPv6(host) ? '::1' : HOST;
  const client = createSocket(isIPv6(to) ? 'udp6' : 'udp4').bind(0, to);
  t.after(() => client.close());
  await once(client, 'listening');
  const from = { address: to, port: client.address().port };
  /** Resolves once so much has been dispatched in all. */
  const dispatched = async (count: number) => {
    if (calls.length >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    wanted = count;
    whenThere = resolve;
    await promise;
  };
  /** Sends and resolves with what has been dispatched for it. */
  const send = async (...datagrams: (string | Uint8Array)[]) => {
    const before = calls.length;
    for (const datagram of datagrams) client.send(datagram, control.address.port, to);
    await dispatched(before + datagrams.length);
    return calls.slice(before);
  };
  return { control, client, from, send, dispatched, reading, calls, arrivalsNs };
}

function idle(t: TestContext): ControlSocket {
  const nothing = () => {};
  const control = new ControlSocket(
    {
      inv: nothing,
      bye: nothing,
      data: nothing,
      malformed: nothing,
      limited: nothing,
      refused: nothing,
      overflowed: nothing,
    },
    now,
  );
  t.after(() => control.close());
  return control;
}

/** Sends from another process while this one stands still, so that all of it waits in the kernel. */
function sendWhileBlocked(port: number, datagrams: string[]): void {
  const script = `
    const socket = require('node:dgram').createSocket('udp4');
    const datagrams = ${JSON.stringify(datagrams)};
    let left = datagrams.length;
    for (const datagram of datagrams)
      socket.send(datagram, ${port}, '${HOST}', () => --left || socket.close());
  `;
  execFileSync(process.execPath, ['-e', script]);
}

/** Of an INV or BYE as it was dispatched. */
function uuidIn(message: unknown): string {
  return (message as { uuid: string }).uuid;
}

const UUIDS = [
  ...Array.from({ length: 300 }, (_, i) => `call-${i}`),
  ...['a', randomUUID(), 'z'.repeat(128)],
];
const hasIPv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

for (const receiver of RECEIVER_NAMES)
  describe(`the control socket, ${receiver}`, () => {
    test('hands on INV and BYE with their sender and time', async (t) => {
      const { send, from } = await open(t, { receiver });
      const ports = { readPort: 1000, writePort: 1001 };
      const inv = { kind: 'inv', uuid: 'u', caller: 'a', callee: 'b', extension: null };
      assert.deepEqual(await send('INV :u:a:b'), [['inv', { ...inv, ports: null }, from]]);
      assert.deepEqual(await send('INV  :u:a:b:1000:1001\0'), [['inv', { ...inv, ports }, from]]);
      assert.deepEqual(await send('BYE :u\r\n'), [['bye', { kind: 'bye', uuid: 'u' }, from]]);
    });

    test('hands on DATA with its header read', async (t) => {
      const { send, from } = await open(t, { receiver });
      assert.deepEqual(await send(formatData('u', 'W', 8, Buffer.from('a:b'))), [
        ['data', 'u', 'W', 8, 'a:b', from],
      ]);
      assert.deepEqual(await send('DATA:u:R::1409393512:'), [['data', 'u', 'R', -1, '', from]]);
    });

    test('tells of what is no message, and goes on', async (t) => {
      const { send, from } = await open(t, { receiver });
      const dispatched = await send(
        '',
        'hello',
        'HELLO:there',
        'ACK :u',
        'INV :u',
        'INV :u:a:b:0:1',
        'BYE :a b',
        Buffer.alloc(2000, 0xff),
      );
      assert.deepEqual(dispatched, [
        ['malformed', from, 'too-short'],
        ['malformed', from, 'too-short'],
        ['malformed', from, 'unknown-verb'],
        ['malformed', from, 'an ACK, which only a server sends'],
        ['malformed', from, 'bad-field'],
        ['malformed', from, 'bad-ports'],
        ['malformed', from, 'bad-uuid'],
        ['malformed', from, 'unknown-verb'],
      ]);
      const badData = [['malformed', from, 'bad DATA header']];
      assert.deepEqual(await send('DATA:u:X:00:1:x'), badData);
      assert.deepEqual(await send('DATA'), badData);
      assert.equal((await send('BYE :u'))[0]?.[0], 'bye');
    });

    test('tells when each came', async (t) => {
      const { send, arrivalsNs } = await open(t, { receiver });
      const beforeNs = now();
      await send('INV :u:a:b', formatData('u', 'R', 0, Buffer.from('x')), 'BYE :u');
      assert.equal(arrivalsNs.length, 3);
      // The kernel's clock is read with a few microseconds' doubt.
      for (const ns of arrivalsNs) assert.ok(ns > beforeNs - 1e6 && ns <= now());
    });

    test('keeps the order of INV and BYE, and of the DATA of each call, which comes before its BYE', async (t) => {
      const { control, calls, send, dispatched } = await open(t, { receiver });
      const uuids = UUIDS.slice(-40);
      await send(...uuids.map((uuid) => `INV :${uuid}:a:b`));
      const legs = ['R', 'W', 'R', 'W'];
      const data = legs.flatMap((leg, i) => uuids.map((uuid) => `DATA:${uuid}:${leg}:00:1:${i}`));
      sendWhileBlocked(control.address.port, [...data, ...uuids.map((uuid) => `BYE :${uuid}`)]);
      await dispatched(uuids.length * 6);
      for (const uuid of uuids) {
        const own = calls.filter(([, first]) => first === uuid || uuidIn(first) === uuid);
        assert.deepEqual(
          own.map(([kind, , , , payload]) => (kind === 'data' ? payload : kind)),
          ['inv', '0', '1', '2', '3', 'bye'],
        );
      }
      const byes = calls.filter(([kind]) => kind === 'bye').map(([, first]) => uuidIn(first));
      assert.deepEqual(byes, uuids);
    });

    test('listens on all addresses of the machine, IPv4 and IPv6', {
      skip: !hasIPv6,
    }, async (t) => {
      for (const host of ['0.0.0.0', '::', '::1']) {
        const { send } = await open(t, { receiver, host });
        const kinds = (await send('INV :u:a:b', 'DATA:u:R:00:1:x')).map(([kind]) => kind);
        assert.deepEqual(kinds.sort(), ['data', 'inv'], host);
      }
      const { control, calls, dispatched } = await open(t, { receiver, host: '::' });
      sendWhileBlocked(control.address.port, ['DATA:u:R:00:1:x']);
      await dispatched(1);
      const source = calls[0]?.at(-1) as Source;
      // What a socket tells of IPv4 on all addresses; a list of loopback lets it in.
      assert.equal(source.address, '::ffff:127.0.0.1');
    });

    test('sends ACK and BYE to where it is told', async (t) => {
      const { control, client, from, send } = await open(t, { receiver });
      await send('INV :u:138:9210:5004:5005');
      control.send({ kind: 'ack', uuid: 'u', ports: { readPort: 6004, writePort: 6005 } }, from);
      const [ack, sender] = await once(client, 'message');
      assert.equal(String(ack), 'ACK :u:6004:6005');
      assert.equal(sender.port, control.address.port);
      control.send({ kind: 'bye', uuid: 'u' }, from);
      assert.equal(String((await once(client, 'message'))[0]), 'BYE :u');
    });

    test('sends an address no more than it has sent, unless the caller knows of other datagrams', async (t) => {
      const { control, client, from, send } = await open(t, { receiver });
      const ack = { kind: 'ack', uuid: 'u', ports: { readPort: 16000, writePort: 16001 } } as const;
      const received: string[] = [];
      client.on('message', (bytes) => received.push(String(bytes)));
      await send('INV :u:::1:2');
      control.send(ack, from);
      control.send({ kind: 'bye', uuid: 'u' }, { ...from, address: '127.0.0.9' });
      // The INV again pays for one answer and not for a second.
      await send('INV :u:::1:2');
      control.send(ack, from);
      control.send(ack, from);
      control.send({ kind: 'bye', uuid: 'u' }, from, true);
      while (!received.includes('BYE :u')) await once(client, 'message');
      assert.deepEqual(received, ['ACK :u:16000:16001', 'BYE :u']);
    });

    test('looks at nothing from outside of the allowed networks, and says who it was', async (t) => {
      const { send, from, control } = await open(t, { receiver, allow: ['127.0.0.9'] });
      assert.deepEqual(await send('INV :u:a:b', 'DATA:u:R:00:1:x', 'hello'), [
        ['refused', from],
        ['refused', from],
        ['refused', from],
      ]);
      assert.notEqual(control.address.port, 0);
    });

    test('tells the receive buffer that it really has', async (t) => {
      const wantedBytes = 200_000;
      const { bufferBytes } = await idle(t).start(HOST, 0, wantedBytes, receiver);
      assert.ok(bufferBytes >= wantedBytes, `${bufferBytes} bytes`);
      const greedy = idle(t);
      // More than most systems give: less comes, and no error.
      const { bufferBytes: gotBytes } = await greedy.start(HOST, 0, 1_000_000_000, receiver);
      assert.ok(gotBytes > 0 && gotBytes <= 1_000_000_000, `${gotBytes} bytes`);
    });

    test('frees its port when it is closed, and sends nothing afterwards', async (t) => {
      const { control, from } = await open(t, { receiver });
      const { port } = control.address;
      const closed = control.close();
      assert.equal(control.close(), closed);
      await closed;
      control.send({ kind: 'bye', uuid: 'u' }, from);
      const again = idle(t);
      await again.start(HOST, port, BUFFER_BYTES, receiver);
      assert.equal(again.address.port, port);
    });

    test('sends nothing to port 0, which only a forged sender has', async (t) => {
      const control = idle(t);
      await control.start(HOST, 0, BUFFER_BYTES, receiver);
      control.send({ kind: 'ack', uuid: 'u', ports: null }, { address: HOST, port: 0 });
    });

    test('that was never started is closed and sends without complaint', async (t) => {
      const control = idle(t);
      control.send({ kind: 'bye', uuid: 'u' }, { address: HOST, port: 9 });
      await control.close();
    });
  });

describe('a control socket that reads DATA in batches', { skip }, () => {
  test('hands on at once all that waits, of a call or of all, where that is asked for', async (t) => {
    const { control, calls } = await open(t, { receiver: 'batched' });
    const datagrams = UUIDS.map((uuid) => `DATA:${uuid}:R:00:1:x`);
    sendWhileBlocked(control.address.port, datagrams);
    const uuid = UUIDS.at(-1) as string;
    control.catchUp(uuid);
    assert.ok(calls.some(([, own]) => own === uuid));
    await control.drain();
    assert.deepEqual(calls.map(([, own]) => own).sort(), UUIDS.toSorted());
  });

  test('keeps the order of what comes while it is opened', async (t) => {
    // The kernel stamps what comes from a moment after the first socket has asked for that; a server has
    // its leg ports before.
    const legs = new BatchedReceiver(now);
    const leg = await legs.bind(HOST, 0, () => {});
    t.after(async () => {
      await leg.close();
      legs.close();
    });
    // Numbers of five calls in turns, as fast as they go, until it is told to end.
    const script = `
      const socket = require('node:dgram').createSocket('udp4');
      let port = 0;
      let number = 0;
      const send = () => {
        socket.send('DATA:call-' + (number % 5) + ':R:00:1:' + number++, port, '${HOST}', () => setImmediate(send));
      };
      process.on('message', (message) => {
        port = message;
        for (let i = 0; i < 4; i++) send();
        process.send('sending');
      });
    `;
    const sender = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    t.after(() => sender.kill());
    for (let round = 0; round < 5; round++) {
      const probe = await open(t);
      const { port } = probe.control.address;
      await probe.control.close();
      sender.send(port);
      await once(sender, 'message');
      const { control, calls, dispatched } = await open(t, { receiver: 'batched', port });
      await dispatched(2000);
      await control.close();
      for (const uuid of ['call-0', 'call-1', 'call-2', 'call-3', 'call-4']) {
        const numbers = calls.filter(([, own]) => own === uuid).map((call) => Number(call[4]));
        assert.ok(numbers.length > 10);
        assert.deepEqual(
          numbers,
          numbers.toSorted((a, b) => a - b),
        );
      }
    }
  });

  test('hands on an INV while much DATA waits', async (t) => {
    const { control, client, calls, dispatched } = await open(t, {
      receiver: 'batched',
      dataTakesMs: 0.5,
    });
    const datagrams = UUIDS.map((uuid) => `DATA:${uuid}:R:00:1:x`);
    sendWhileBlocked(control.address.port, datagrams);
    client.send('INV :u:a:b', control.address.port, HOST);
    await dispatched(datagrams.length + 1);
    const place = calls.findIndex(([kind]) => kind === 'inv');
    assert.ok(place < datagrams.length / 2, `${place} packets before it`);
  });

  test('counts what the kernel had no room for, beside those that it concerns', async (t) => {
    const { control, calls, dispatched } = await open(t, { receiver: 'batched' });
    const sent = 1000;
    const datagrams = new Array<string>(sent).fill('DATA:u:R:00:1:x');
    sendWhileBlocked(control.address.port, datagrams);
    control.catchUp('u');
    const taken = calls.length;
    assert.ok(taken > 0 && taken < sent, `${taken} were taken`);
    // With the next datagram the kernel tells.
    sendWhileBlocked(control.address.port, ['DATA:u:R:00:1:x']);
    await dispatched(taken + 2);
    assert.deepEqual(calls[taken], ['overflowed', sent - taken]);
    assert.equal(control.overflowsBeside('u'), sent - taken);
    assert.equal(control.overflowsBeside('v'), 0);
  });
});

describe('a control socket that cannot be bound', () => {
  test('names the port that somebody has, however each of them reads it', async (t) => {
    for (const first of RECEIVER_NAMES)
      for (const second of RECEIVER_NAMES) {
        const { control, send } = await open(t, { receiver: first });
        const { port } = control.address;
        await assert.rejects(
          idle(t).start(HOST, port, BUFFER_BYTES, second),
          { code: 'RST_PORT_IN_USE', message: new RegExp(`${HOST}:${port} is in use`) },
          `${first}, then ${second}`,
        );
        const dispatched = await send(...UUIDS.map((uuid) => `DATA:${uuid}:R:00:1:x`));
        assert.equal(dispatched.length, UUIDS.length, 'the first one goes on');
      }
  });

  test('names the address that is none of this machine', async (t) => {
    for (const receiver of RECEIVER_NAMES)
      for (const host of ['192.0.2.1', 'no-such-host.invalid', '2001:db8::1']) {
        const control = idle(t);
        await assert.rejects(
          control.start(host, 0, BUFFER_BYTES, receiver),
          { code: 'RST_ADDRESS', message: new RegExp(host.replaceAll('.', '\\.')) },
          host,
        );
        await control.close();
      }
  });
});

describe('a control socket of a kernel that does not tell DATA from INV', { skip }, () => {
  test('is read packet by packet, and says why', async (t) => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    const { reading, send, control } = await open(t, { receiver: 'batched', libc: refusingLibc });
    const { receiver, obstacle, sockets } = reading;
    assert.deepEqual([receiver, sockets], ['dgram', 1]);
    assert.match(obstacle as string, /takes no program .*ENOPROTOOPT/);
    const dispatched = await send('INV :u:a:b', 'DATA:u:R:00:1:x', 'BYE :u');
    assert.deepEqual(
      dispatched.map(([kind]) => kind),
      ['inv', 'data', 'bye'],
    );
    await control.close();
    // The client's.
    assert.equal(descriptors(), before + 1);
  });
});

/** The C library of a system without SO_ATTACH_REUSEPORT_CBPF. */
function refusingLibc(): Libc {
  const libc = loadLibc();
  return {
    ...libc,
    setsockopt: (fd, level, name, value, sizeBytes) =>
      name === SO_ATTACH_REUSEPORT_CBPF ? -1 : libc.setsockopt(fd, level, name, value, sizeBytes),
    errno: () => constants.errno.ENOPROTOOPT,
  };
}
