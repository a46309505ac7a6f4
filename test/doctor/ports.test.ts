import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { ControlSocket, type Source } from '../../src/capture/index.ts';
import type { Config } from '../../src/config/index.ts';
import type { Address } from '../../src/doctor/address.ts';
import { checkControlPort } from '../../src/doctor/control-port.ts';
import type { CheckResult, TrialServer } from '../../src/doctor/index.ts';
import { checkMediaPorts } from '../../src/doctor/media-ports.ts';
import { isOwnAddress } from '../../src/doctor/own-address.ts';
import { RstError } from '../../src/errors.ts';
import { surroundingsOf } from './surroundings.ts';

/** A control port that acknowledges what it gets and notes its kind. */
async function answering(heard: string[] = []): Promise<TrialServer> {
  const control: ControlSocket = new ControlSocket(
    {
      inv: ({ uuid }, from: Source) => {
        heard.push('inv');
        control.send({ kind: 'ack', uuid, ports: { readPort: 1, writePort: 2 } }, from);
      },
      bye: ({ uuid }, from: Source) => {
        heard.push('bye');
        control.send({ kind: 'ack', uuid, ports: null }, from);
      },
      data: () => {},
      malformed: () => {},
      limited: () => {},
      refused: () => {},
      overflowed: () => {},
    },
    () => 0,
  );
  await control.start('127.0.0.1', 0, 65_536);
  return { controlPort: control.address.port, close: () => control.close() };
}

async function linesOf(
  told: readonly Address[],
  port: number,
  startServer: (config: Config) => Promise<TrialServer>,
  allow?: string[],
): Promise<CheckResult[]> {
  const server = { host: '127.0.0.1', port, ...(allow ? { allow } : {}) };
  const lines: CheckResult[] = [];
  for await (const line of checkControlPort(told, surroundingsOf({ server }, { startServer })))
    lines.push(line);
  return lines;
}

function neverStarted(): Promise<TrialServer> {
  return Promise.reject(new Error('the port is taken'));
}

test('a free control port is tried by a whole call with a server that is closed again', async () => {
  const heard: string[] = [];
  let closed = 0;
  const lines = await linesOf([], 0, async () => {
    const server = await answering(heard);
    return { ...server, close: () => server.close().then(() => void closed++) };
  });
  assert.deepEqual(
    lines.map(({ name, status }) => [name.replace(/:\d+$/, ''), status]),
    [
      ['control port', 'ok'],
      ['UDP to 127.0.0.1', 'ok'],
    ],
  );
  assert.match(lines[1]?.found ?? '', /INV and BYE .* does not prove that a firewall/);
  assert.deepEqual(heard, ['inv', 'bye']);
  assert.equal(closed, 1);
});

test('a server that runs is asked by nothing but a BYE, once for each place that is told', async () => {
  const heard: string[] = [];
  const server = await answering(heard);
  const here = { address: '127.0.0.1', port: 0 };
  const lines = await linesOf(
    [here, { address: '127.0.0.1', port: server.controlPort }, { address: '203.0.113.1', port: 0 }],
    server.controlPort,
    neverStarted,
  );
  await server.close();
  assert.deepEqual(
    lines.map(({ status, found }) => [status, found.split(';')[0]?.split(':')[0]]),
    [
      ['ok', '127.0.0.1'],
      ['ok', 'the server that runs answers a BYE'],
      ['ok', 'not checked'],
    ],
  );
  assert.match(lines[0]?.found ?? '', /is taken, by the server that runs/);
  assert.match(lines[2]?.found ?? '', /203\.0\.113\.1 is no address of this machine/);
  assert.deepEqual(heard, ['bye']);
});

test('a server that lets nobody of this machine in is not asked', async () => {
  const heard: string[] = [];
  const server = await answering(heard);
  const lines = await linesOf([], server.controlPort, neverStarted, ['203.0.113.0/24']);
  await server.close();
  assert.match(lines[1]?.found ?? '', /^not checked: server\.allow/);
  assert.deepEqual(heard, []);
});

test('a port that something else has, and one where nothing answers, have failed', async () => {
  const stranger = createSocket('udp4').bind(0, '127.0.0.1');
  await once(stranger, 'listening');
  const { port } = stranger.address();
  const [, taken] = await linesOf([], port, neverStarted);
  assert.equal(taken?.status, 'failed');
  assert.match(taken?.todo ?? '', /ss -lunp/);
  const [, silent] = await linesOf([{ address: '127.0.0.1', port }], 0, () => answering());
  stranger.close();
  assert.equal(silent?.status, 'failed');
  assert.match(silent?.found ?? '', /nothing answers .* the server listens on 127\.0\.0\.1/);
});

test('a server that does not start says why', async () => {
  const lines = await linesOf([], 0, () =>
    Promise.reject(new RstError('RST_ADDRESS', 'it is no address; use 0.0.0.0')),
  );
  assert.deepEqual(lines, [
    { name: 'control port', status: 'failed', found: 'it is no address', todo: 'use 0.0.0.0' },
  ]);
});

test('media ports are counted by binding them', async () => {
  const { signal } = new AbortController();
  const first = createSocket('udp4').bind(0, '127.0.0.1');
  await once(first, 'listening');
  const { port } = first.address();
  const rangeOf = (from: number, to: number, listener: 'running' | 'none' = 'none') => {
    const { config } = surroundingsOf();
    return checkMediaPorts(
      { ...config, media: { ...config.media, ports: { first: from, last: to } } },
      listener,
      signal,
    );
  };
  const none = await rangeOf(port, port);
  assert.equal(none.status, 'failed');
  assert.match(none.found, /^0 of 1 tried ports .*EADDRINUSE/);
  const kept = await rangeOf(port, port, 'running');
  assert.equal(kept.status, 'ok');
  assert.match(kept.found, /^0 of 1 tried ports .* beside those that the server that runs has$/);
  first.close();
  await once(first, 'close');
  const wide = await rangeOf(10_000, 16_383);
  assert.match(wide.found, /of 512 tried ports of 10000-16383 .* about \d+ calls/);
});

test('every loopback address is one of this machine, and no documentation address is', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::ffff:127.0.0.1'])
    assert.ok(isOwnAddress(address), address);
  for (const address of ['203.0.113.1', '2001:db8::1', 'localhost'])
    assert.ok(!isOwnAddress(address), address);
});
