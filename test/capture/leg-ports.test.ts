import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { after, describe, type TestContext, test } from 'node:test';
import { Gate } from '../../src/capture/gate.ts';
import { SourceLock } from '../../src/capture/index.ts';
import { LegPorts } from '../../src/capture/leg-ports.ts';
import type { MediaCall } from '../../src/capture/media-call.ts';
import type { Datagram, LegSocket, OnDatagram, Receiver } from '../../src/capture/receiver.ts';
import { RECEIVERS } from '../support/receivers.ts';

const HOST = '127.0.0.1';

/** Real sockets on ports that the system chooses, a clock that stands still, and a count to wait for. */
class AnyPortReceiver implements Receiver {
  nowNs = 0;
  ports: number[] = [];
  readonly #sockets: LegSocket[] = [];
  #received = 0;
  #wanted = 0;
  #whenReceived = () => {};
  readonly #real: Receiver;

  constructor(open: (now: () => number) => Receiver) {
    this.#real = open(() => performance.now() * 1e6);
  }

  async bind(host: string, _port: number, onDatagram: OnDatagram): Promise<LegSocket> {
    const socket = await this.#real.bind(host, 0, (datagram) => {
      datagram.arrivalNs = this.nowNs;
      onDatagram(datagram);
      if (++this.#received >= this.#wanted) this.#whenReceived();
    });
    this.ports.push(socket.port);
    this.#sockets.push(socket);
    return socket;
  }

  close(): void {
    this.#real.close();
  }

  /** Sends to a leg's port and resolves when all has been handed on. */
  async deliver(leg: 'R' | 'W', ...texts: string[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = this.#received + texts.length;
    this.#whenReceived = resolve;
    const { port, drain } = this.#sockets[leg === 'R' ? 0 : 1] as LegSocket;
    for (const text of texts)
      await new Promise((resolve) => void sender.send(text, port, HOST, resolve));
    await drain();
    await promise;
  }
}

/** As much of a call as the ports see. */
function fakeCall() {
  const received: string[] = [];
  const call = {
    receive(leg: string, { bytes, sizeBytes, arrivalNs, address }: Datagram) {
      const text = Buffer.from(bytes.subarray(0, sizeBytes)).toString();
      received.push(`${leg} ${text} ${arrivalNs} ${address}`);
    },
  } as unknown as MediaCall;
  return { call, received };
}

const sender: Socket = createSocket('udp4');
after(() => sender.close());

for (const [name, openReceiver] of Object.entries(RECEIVERS)) {
  async function bound(t: TestContext) {
    const receiver = new AnyPortReceiver(openReceiver);
    const ports = new LegPorts({ pairId: 1, readPort: 5004, writePort: 5005 });
    t.after(async () => {
      await ports.close();
      receiver.close();
    });
    await ports.bind(receiver, HOST);
    return { receiver, ports };
  }

  describe(`a pair of leg ports of the ${name} receiver`, () => {
    test('gives a live call what comes, by the leg of the port', async (t) => {
      const { receiver, ports } = await bound(t);
      const { call, received } = fakeCall();
      ports.attach(call, 0);
      receiver.nowNs = 7;
      await receiver.deliver('R', 'one', 'two');
      await receiver.deliver('W', 'three');
      assert.deepEqual(received, [`R one 7 ${HOST}`, `R two 7 ${HOST}`, `W three 7 ${HOST}`]);
      assert.equal(ports.strays, 0);
    });

    test('keeps what came before its call was opened, with its time, and counts what is older than the call', async (t) => {
      const { receiver, ports } = await bound(t);
      receiver.nowNs = 99;
      await receiver.deliver('W', 'older', 'older too');
      receiver.nowNs = 100;
      await receiver.deliver('R', 'early');
      receiver.nowNs = 150;
      await receiver.deliver('W', 'early W');
      const { call, received } = fakeCall();
      ports.attach(call, 100);
      assert.deepEqual(received, [`R early 100 ${HOST}`, `W early W 150 ${HOST}`]);
      assert.equal(ports.strays, 2);
      await receiver.deliver('R', 'live');
      assert.equal(received.length, 3);
    });

    test('keeps the latest early datagrams, a bounded number of them, and counts the others', async (t) => {
      const { receiver, ports } = await bound(t);
      for (let i = 0; i < 150; i++) await receiver.deliver('R', String(i));
      const { call, received } = fakeCall();
      ports.attach(call, 0);
      assert.equal(received.length, 128);
      assert.deepEqual([received[0], received[127]], [`R 22 0 ${HOST}`, `R 149 0 ${HOST}`]);
      assert.equal(ports.strays, 22);
    });

    test('that rests counts what comes and hands nothing on, to nobody', async (t) => {
      const { receiver, ports } = await bound(t);
      const first = fakeCall();
      ports.attach(first.call, 0);
      await receiver.deliver('R', 'mine');
      ports.detach();
      await receiver.deliver('R', 'late');
      await receiver.deliver('W', 'late', 'later');
      assert.equal(first.received.length, 1);
      assert.equal(ports.strays, 3);
      const next = fakeCall();
      ports.attach(next.call, 0);
      assert.deepEqual(next.received, []);
    });

    test('that rests for a call which may go on keeps its packets for it, after three of them', async (t) => {
      const { receiver, ports } = await bound(t);
      const gate = new Gate('u', new SourceLock('address', HOST, null));
      const resumed: number[] = [];
      ports.attach(fakeCall().call, 0);
      ports.watch({ gate, resumed: (startNs) => void resumed.push(startNs) });
      const packet = (uuid: string) => `DATA:${uuid}:R:00:160:${'x'.repeat(160)}`;
      receiver.nowNs = 1e9;
      await receiver.deliver('R', packet('u'), packet('u'));
      receiver.nowNs = 4e9;
      await receiver.deliver('R', packet('u'), packet('v'), 'nonsense', packet('u'));
      assert.deepEqual([resumed, ports.strays], [[], 4]);
      receiver.nowNs = 5e9;
      await receiver.deliver('R', packet('u'), packet('u'));
      assert.deepEqual(resumed, [4e9 - 20e6]);
      const next = fakeCall();
      ports.attach(next.call, 4e9 - 20e6);
      await receiver.deliver('R', packet('u'));
      assert.equal(next.received.length, 5);
      assert.equal(ports.strays, 4);
    });

    test('that has resumed and rests again looks out for its call again, and for none that is given up', async (t) => {
      const { receiver, ports } = await bound(t);
      const gate = new Gate('u', new SourceLock('address', HOST, null));
      const resumed: number[] = [];
      const watch = { gate, resumed: (startNs: number) => void resumed.push(startNs) };
      const packet = `DATA:u:R:00:160:${'x'.repeat(160)}`;
      for (let segment = 1; segment <= 3; segment++) {
        ports.watch(watch);
        // One that is too old for the three.
        receiver.nowNs = segment * 10e9;
        await receiver.deliver('R', packet);
        receiver.nowNs += 5e9;
        await receiver.deliver('R', packet, packet, packet);
        assert.equal(resumed.length, segment);
        const { call, received } = fakeCall();
        ports.attach(call, resumed.at(-1) as number);
        assert.equal(received.length, 3);
        assert.equal(ports.strays, segment);
      }
      ports.watch(watch);
      await receiver.deliver('R', packet, packet);
      ports.detach();
      assert.equal(ports.strays, 5, 'what it kept is late');
      await receiver.deliver('R', packet);
      assert.deepEqual([resumed.length, ports.strays], [3, 6]);
    });

    test('counts what it kept for a call that nobody took up', async (t) => {
      const { receiver, ports } = await bound(t);
      ports.watch({
        gate: new Gate('u', new SourceLock('address', HOST, null)),
        resumed: () => {},
      });
      await receiver.deliver('R', 'DATA:u:R:00:1:x', 'DATA:u:R:00:1:x', 'DATA:u:R:00:1:x');
      await ports.close();
      assert.equal(ports.strays, 3);
    });

    test('is closed twice as well as once, and its ports are free then', async (t) => {
      const { receiver, ports } = await bound(t);
      await ports.close();
      await ports.close();
      for (const port of receiver.ports) {
        const socket = createSocket('udp4').bind(port, HOST);
        await once(socket, 'listening');
        socket.close();
      }
    });
  });

  test(`a pair of which one port is taken names it and leaves nothing bound (${name} receiver)`, async (t) => {
    const real = openReceiver(() => 0);
    t.after(() => real.close());
    const bind = async (port: number) => {
      const socket = await real.bind(HOST, port, () => {});
      t.after(() => socket.close());
      return socket;
    };
    const taken = await bind(0);
    const free = await bind(0);
    await free.close();
    const ports = new LegPorts({ pairId: 1, readPort: free.port, writePort: taken.port });
    t.after(() => ports.close());
    await assert.rejects(ports.bind(real, HOST), { code: 'EADDRINUSE', port: taken.port });
    assert.equal((await bind(free.port)).port, free.port);
  });
}
