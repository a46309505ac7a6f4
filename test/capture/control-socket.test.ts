import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { AllowList, ControlSocket } from '../../src/capture/index.ts';
import { formatData, uuidOf } from '../../src/protocol/index.ts';

const HOST = '127.0.0.1';
const BUFFER_BYTES = 65_536;

/** A started control socket, a client beside it, and what has been dispatched, to wait for. */
async function open(t: TestContext, allow?: string[]) {
  const calls: unknown[][] = [];
  let wanted = 0;
  let whenThere = () => {};
  const note = (...call: unknown[]) => {
    calls.push(call);
    if (calls.length >= wanted) whenThere();
  };
  const control = new ControlSocket(
    {
      inv: (message, source, arrivalNs) => note('inv', message, source, arrivalNs),
      bye: (message, source, arrivalNs) => note('bye', message, source, arrivalNs),
      data: (header, bytes, source, arrivalNs) => {
        const payload = Buffer.from(bytes.subarray(header.payloadStart)).toString();
        note(
          'data',
          uuidOf(bytes, header),
          header.leg,
          header.payloadType,
          payload,
          source,
          arrivalNs,
        );
      },
      malformed: (source, reason) => note('malformed', source, reason),
      refused: (source) => note('refused', source),
    },
    () => 42,
    allow && new AllowList(allow),
  );
  t.after(() => control.close());
  const bufferBytes = await control.start(HOST, 0, BUFFER_BYTES);
  const client = createSocket('udp4').bind(0, HOST);
  t.after(() => client.close());
  await once(client, 'listening');
  const from = { address: HOST, port: client.address().port };
  /** Sends and resolves with what has been dispatched for it. */
  const send = async (...datagrams: (string | Uint8Array)[]) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = calls.length;
    wanted = before + datagrams.length;
    whenThere = resolve;
    for (const datagram of datagrams) client.send(datagram, control.address.port, HOST);
    await promise;
    return calls.slice(before);
  };
  return { control, client, from, send, bufferBytes };
}

function idle(t: TestContext): ControlSocket {
  const nothing = () => {};
  const control = new ControlSocket(
    { inv: nothing, bye: nothing, data: nothing, malformed: nothing, refused: nothing },
    () => 0,
  );
  t.after(() => control.close());
  return control;
}

describe('the control socket', () => {
  test('hands on INV and BYE with their sender and time', async (t) => {
    const { send, from } = await open(t);
    const ports = { readPort: 1000, writePort: 1001 };
    const inv = { kind: 'inv', uuid: 'u', caller: 'a', callee: 'b', extension: null };
    assert.deepEqual(await send('INV :u:a:b'), [['inv', { ...inv, ports: null }, from, 42]]);
    assert.deepEqual(await send('INV  :u:a:b:1000:1001\0'), [['inv', { ...inv, ports }, from, 42]]);
    assert.deepEqual(await send('BYE :u\r\n'), [['bye', { kind: 'bye', uuid: 'u' }, from, 42]]);
  });

  test('hands on DATA with its header read', async (t) => {
    const { send, from } = await open(t);
    assert.deepEqual(await send(formatData('u', 'W', 8, Buffer.from('a:b'))), [
      ['data', 'u', 'W', 8, 'a:b', from, 42],
    ]);
    assert.deepEqual(await send('DATA:u:R::1409393512:'), [['data', 'u', 'R', -1, '', from, 42]]);
  });

  test('tells of what is no message, and goes on', async (t) => {
    const { send, from } = await open(t);
    const dispatched = await send(
      '',
      'hello',
      'HELLO:there',
      'DATA:u:X:00:1:x',
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
      ['malformed', from, 'bad DATA header'],
      ['malformed', from, 'an ACK, which only a server sends'],
      ['malformed', from, 'bad-field'],
      ['malformed', from, 'bad-ports'],
      ['malformed', from, 'bad-uuid'],
      ['malformed', from, 'unknown-verb'],
    ]);
    assert.equal((await send('BYE :u'))[0]?.[0], 'bye');
  });

  test('keeps the order of many datagrams of one sender', async (t) => {
    const { send } = await open(t);
    const dispatched = await send(
      ...Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0 ? `INV :${i}:a:b` : i % 3 === 1 ? `DATA:${i}:R:00:1:x` : `BYE :${i}`,
      ),
    );
    const uuids = dispatched.map(([kind, first]) =>
      kind === 'data' ? first : (first as { uuid: string }).uuid,
    );
    assert.deepEqual(
      uuids,
      Array.from({ length: 60 }, (_, i) => String(i)),
    );
  });

  test('sends ACK and BYE to where it is told', async (t) => {
    const { control, client, from, send } = await open(t);
    await send('INV :u:138:9210:5004:5005');
    control.send({ kind: 'ack', uuid: 'u', ports: { readPort: 6004, writePort: 6005 } }, from);
    const [ack, sender] = await once(client, 'message');
    assert.equal(String(ack), 'ACK :u:6004:6005');
    assert.equal(sender.port, control.address.port);
    control.send({ kind: 'bye', uuid: 'u' }, from);
    assert.equal(String((await once(client, 'message'))[0]), 'BYE :u');
  });

  test('sends an address no more than it has sent, unless the caller knows of other datagrams', async (t) => {
    const { control, client, from, send } = await open(t);
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
    const { send, from, control } = await open(t, ['127.0.0.9']);
    assert.deepEqual(await send('INV :u:a:b', 'DATA:u:R:00:1:x', 'hello'), [
      ['refused', from],
      ['refused', from],
      ['refused', from],
    ]);
    assert.notEqual(control.address.port, 0);
  });

  test('tells the receive buffer that it really has', async (t) => {
    const { bufferBytes } = await open(t);
    assert.ok(bufferBytes >= BUFFER_BYTES, `${bufferBytes} bytes`);
    const greedy = idle(t);
    // More than any system gives: less comes, and no error.
    const gotBytes = await greedy.start(HOST, 0, 1_000_000_000);
    assert.ok(gotBytes > 0 && gotBytes < 1_000_000_000, `${gotBytes} bytes`);
  });

  test('frees its port when it is closed, and sends nothing afterwards', async (t) => {
    const { control, from } = await open(t);
    const { port } = control.address;
    const closed = control.close();
    assert.equal(control.close(), closed);
    await closed;
    control.send({ kind: 'bye', uuid: 'u' }, from);
    const again = idle(t);
    await again.start(HOST, port, BUFFER_BYTES);
    assert.equal(again.address.port, port);
  });

  test('sends nothing to port 0, which only a forged sender has', async (t) => {
    const control = idle(t);
    await control.start(HOST, 0, BUFFER_BYTES);
    control.send({ kind: 'ack', uuid: 'u', ports: null }, { address: HOST, port: 0 });
  });

  test('that was never started is closed and sends without complaint', async (t) => {
    const control = idle(t);
    control.send({ kind: 'bye', uuid: 'u' }, { address: HOST, port: 9 });
    await control.close();
  });
});

describe('a control socket that cannot be bound', () => {
  test('names the port that somebody has', async (t) => {
    const { control } = await open(t);
    const { port } = control.address;
    const second = idle(t);
    await assert.rejects(second.start(HOST, port, BUFFER_BYTES), {
      code: 'RST_PORT_IN_USE',
      message: new RegExp(`${HOST}:${port} is in use`),
    });
  });

  test('names the address that is none of this machine', async (t) => {
    for (const host of ['192.0.2.1', 'no-such-host.invalid', '2001:db8::1']) {
      const control = idle(t);
      await assert.rejects(
        control.start(host, 0, BUFFER_BYTES),
        { code: 'RST_ADDRESS', message: new RegExp(host.replaceAll('.', '\\.')) },
        host,
      );
      await control.close();
    }
  });
});
