import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Received } from './fake-server.ts';
import { frameNumbers, numbersOf, upTo } from './frames.ts';
import { TapPlay } from './tap-play.ts';

let play: TapPlay;

before(async () => {
  play = await TapPlay.start();
});
after(() => play.stop());

function payloadTypes(packets: readonly Received[]): string[] {
  return [...new Set(packets.map(({ fields }) => fields[1] ?? ''))];
}

test('the parts that need no call do what they should', async () => {
  await play.host.run('pure');
});

describe('what is sent', () => {
  const codecs = [
    { codec: 'PCMU', type: '00', bytes: 160, samples: 160 },
    { codec: 'PCMA', type: '08', bytes: 160, samples: 160 },
    { codec: 'G729', type: '18', bytes: 20, samples: 160 },
    { codec: 'G723', type: '04', bytes: 24, samples: 240 },
    { codec: 'L16/8000', type: '10', bytes: 320, samples: 160 },
    { codec: 'L16/16000', type: '10', bytes: 640, samples: 320 },
  ];
  for (const { codec, type, bytes, samples } of codecs)
    test(`${codec} goes as it is, with its payload type, its length and its time`, async () => {
      const server = await play.serve();
      const uuid = await play.tap(server.port, codec);
      await play.host.run(`play ${uuid} RW 20 0`);
      await play.hangUp(uuid);
      for (const flag of ['R', 'W'] as const) {
        const packets = server.leg(uuid, flag);
        assert.deepEqual(frameNumbers(packets, codec === 'G723'), upTo(20));
        assert.deepEqual(payloadTypes(packets), [type]);
        const numbers = packets.map(numbersOf);
        assert.ok(numbers.every(({ length }) => length === bytes));
        assert.ok(packets.every(({ payload }) => payload.length === bytes));
        assert.deepEqual(
          numbers.map(({ seq }) => seq),
          upTo(20),
        );
        const first = numbers[0]?.ts ?? Number.NaN;
        assert.deepEqual(
          numbers.map(({ ts }) => ts - first),
          upTo(20).map((number) => number * samples),
        );
        assert.equal(packets[0]?.payload.at(-1), (flag === 'R' ? 'r' : 'w').charCodeAt(0));
        assert.ok(packets.every(({ at }) => at === (flag === 'R' ? 'read' : 'write')));
      }
    });

  test('each leg has the payload type of its own codec', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    await play.host.run(`codec ${uuid} W PCMA`);
    await play.host.run(`play ${uuid} RW 3 0`);
    await play.hangUp(uuid);
    assert.deepEqual(payloadTypes(server.leg(uuid, 'R')), ['00']);
    assert.deepEqual(payloadTypes(server.leg(uuid, 'W')), ['08']);
  });

  for (const { codec, rate, parts, shift } of [
    { codec: 'opus', rate: 48000, parts: 2, shift: 0 },
    { codec: 'opus/2', rate: 48000, parts: 2, shift: 1 },
    { codec: 'G722', rate: 16000, parts: 1, shift: 0 },
  ])
    test(`${codec} is decoded to L16 at ${rate} Hz, in packets that fit into a network's`, async () => {
      const server = await play.serve();
      const uuid = await play.tap(server.port, codec);
      await play.host.run(`play ${uuid} RW 20 0`);
      await play.hangUp(uuid);
      const [inv] = server.of(uuid, 'INV');
      assert.match(inv?.fields[4] ?? '', new RegExp(`(^|,)rate=${rate}(,|$)`));
      for (const flag of ['R', 'W'] as const) {
        const packets = server.leg(uuid, flag);
        assert.deepEqual(payloadTypes(packets), ['10']);
        assert.equal(packets.length, 20 * parts);
        const size = (rate / 50 / parts) * 2;
        const first = numbersOf(packets[0] as Received).ts;
        for (const [index, packet] of packets.entries()) {
          assert.equal(packet.payload.length, size);
          assert.deepEqual(numbersOf(packet), {
            length: size,
            seq: index,
            ts: first + (index * size) / 2,
          });
          assert.equal(packet.payload.readInt16LE(size - 2), Math.floor(index / parts) + shift);
        }
      }
    });

  test('with mode=l16 everything is decoded that can be, and the rest goes as it is', async () => {
    const server = await play.serve();
    const linear = await play.tap(server.port, 'PCMU', 'mode=l16');
    await play.host.run(`play ${linear} RW 5 0`);
    await play.hangUp(linear);
    assert.deepEqual(payloadTypes(server.of(linear, 'DATA')), ['10']);
    assert.ok(server.of(linear, 'DATA').every(({ payload }) => payload.length === 320));
    const speech = await play.tap(server.port, 'G729', 'mode=l16');
    await play.host.run(`play ${speech} RW 5 0`);
    await play.hangUp(speech);
    assert.deepEqual(payloadTypes(server.of(speech, 'DATA')), ['18']);
  });

  test('a codec that can be neither decoded nor named is said, and the other leg goes on', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    await play.host.run(`codec ${uuid} R AMR`);
    await play.host.run(`play ${uuid} RW 5 0`);
    const error = await play.host.event('rst::error', uuid);
    assert.match(error['RST-Reason'] ?? '', /AMR can be neither decoded nor sent/);
    await play.hangUp(uuid);
    assert.equal(server.leg(uuid, 'R').length, 0);
    assert.equal(server.leg(uuid, 'W').length, 5);
  });

  test('a call that is negotiated anew goes on at the rate that the INV has named', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    for (const codec of ['PCMU', 'opus', 'PCMA', 'L16/16000', 'L16/8000', 'PCMU']) {
      await play.host.run(`codec ${uuid} R ${codec}`);
      await play.host.run(`play ${uuid} R 4 0`);
    }
    await play.hangUp(uuid);
    const packets = server.leg(uuid, 'R');
    assert.deepEqual(
      packets.map(({ fields }) => fields[1]),
      ['00', '10', '08', '10', '10', '00'].flatMap((type) => [type, type, type, type]),
    );
    const first = numbersOf(packets[0] as Received).ts;
    assert.deepEqual(
      packets.map((packet) => numbersOf(packet).ts - first),
      upTo(24).map((number) => number * 160),
    );
  });

  test('comfort noise and what is no audio are left out', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    for (const flag of [1, 32, 128, 256, 512]) await play.host.run(`play ${uuid} RW 2 0 ${flag}`);
    await play.host.run(`play ${uuid} RW 2 0`);
    await play.hangUp(uuid);
    assert.deepEqual(frameNumbers(server.leg(uuid, 'R')), [10, 11]);
    assert.deepEqual(frameNumbers(server.leg(uuid, 'W')), [10, 11]);
  });
});

describe('the silence that FreeSWITCH shows where no packet has come', () => {
  /** A flag of the host: no RTP packet. */
  const MADE_UP = 2 ** 30;

  test('is left out of what is read, and goes where there is no RTP at all', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    await play.host.run(`play ${uuid} RW 3 0`);
    await play.host.run(`play ${uuid} RW 2 0 ${MADE_UP}`);
    await play.host.run(`play ${uuid} RW 3 0`);
    await play.hangUp(uuid);
    assert.deepEqual(frameNumbers(server.leg(uuid, 'R')), [0, 1, 2, 5, 6, 7]);
    assert.deepEqual(frameNumbers(server.leg(uuid, 'W')), upTo(8));
    const loopback = await play.tap(server.port);
    await play.host.run(`play ${loopback} RW 5 0 ${MADE_UP}`);
    await play.hangUp(loopback);
    assert.deepEqual(frameNumbers(server.leg(loopback, 'R')), upTo(5));
  });
});

describe('INV and ACK', () => {
  test('an INV names the ports that audio comes from, and what it offers', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    await play.host.run(`play ${uuid} RW 2 0`);
    await play.hangUp(uuid);
    const [inv] = server.of(uuid, 'INV');
    const [caller, callee, read, write, extension] = inv?.fields ?? [];
    assert.deepEqual([caller, callee], ['1001', '9210']);
    assert.equal(extension, 'seq=1,ptime=20,rate=8000,box=host%201');
    assert.equal(server.leg(uuid, 'R')[0]?.from, Number(read));
    assert.equal(server.leg(uuid, 'W')[0]?.from, Number(write));
    assert.equal(inv?.from, Number(read));
  });

  test('what a caller calls himself stays in its field', async () => {
    const server = await play.serve();
    const uuid = await play.call();
    await play.host.run(`caller ${uuid} x:5004:5005%n`);
    await play.host.api(`uuid_rst ${uuid} 127.0.0.1 ${server.port}`);
    const [inv] = await server.have(uuid, 'INV');
    assert.equal(inv?.fields[0], 'x%3A5004%3A5005%25n');
    await play.hangUp(uuid);
    const plain = await play.call();
    await play.host.run(`caller ${plain} x:5004:5005%n`);
    await play.host.api(`uuid_rst ${plain} 127.0.0.1 ${server.port} extension=off`);
    const [plainInv] = await server.have(plain, 'INV');
    assert.deepEqual(plainInv?.fields.slice(0, 2), ['x_5004_5005%n', '9210']);
    assert.equal(plainInv?.fields.length, 4);
    await play.hangUp(plain);
  });

  test('lost INVs are sent again, and no audio is lost meanwhile', async () => {
    let losses = 0;
    const server = await play.serve({ loses: ({ verb }) => verb === 'INV' && losses++ < 2 });
    const uuid = await play.tap(server.port);
    await play.host.run(`play ${uuid} RW 30 0`);
    await server.have(uuid, 'DATA', 60);
    await play.hangUp(uuid);
    assert.deepEqual(frameNumbers(server.leg(uuid, 'R')), upTo(30));
    assert.deepEqual(frameNumbers(server.leg(uuid, 'W')), upTo(30));
    assert.equal(numbersOf(server.leg(uuid, 'R')[0] as Received).seq, 0);
  });

  test('a call that ends before the ACK is there is sent all the same', async () => {
    let losses = 0;
    const server = await play.serve({ losesAnswer: ({ verb }) => verb === 'INV' && losses++ < 1 });
    const uuid = await play.tap(server.port);
    await play.host.run(`play ${uuid} RW 5 0`);
    await play.hangUp(uuid);
    assert.deepEqual(frameNumbers(server.leg(uuid, 'R')), upTo(5));
    assert.equal(server.of(uuid, 'BYE').length, 1);
  });

  test('a bare ACK sends everything to the control port, and without numbers', async () => {
    const server = await play.serve({ ack: 'bare' });
    const uuid = await play.tap(server.port);
    await play.host.run(`play ${uuid} RW 5 0`);
    await play.hangUp(uuid);
    const packets = server.of(uuid, 'DATA');
    assert.deepEqual([...new Set(packets.map(({ at }) => at))], ['control']);
    assert.deepEqual([...new Set(packets.map(({ fields }) => fields[2]))], ['160']);
    assert.deepEqual(frameNumbers(server.leg(uuid, 'R')), upTo(5));
  });

  test('an ACK that does not accept numbers gets none', async () => {
    const server = await play.serve({ ack: 'ports' });
    const uuid = await play.tap(server.port);
    await play.host.run(`play ${uuid} RW 5 0`);
    await play.hangUp(uuid);
    assert.deepEqual([...new Set(server.of(uuid, 'DATA').map(({ fields }) => fields[2]))], ['160']);
    assert.ok(server.leg(uuid, 'W').every(({ at }) => at === 'write'));
  });

  test('a server that never answers is sent to at its control port', async () => {
    const server = await play.serve({ losesAnswer: ({ verb }) => verb === 'INV' });
    const uuid = await play.tap(server.port);
    await play.host.run(`play ${uuid} RW 5 0`);
    const error = await play.host.event('rst::error', uuid);
    assert.match(error['RST-Reason'] ?? '', /has not answered/);
    await server.have(uuid, 'DATA', 10);
    const packets = server.of(uuid, 'DATA');
    assert.ok(packets.every(({ at, fields }) => at === 'control' && fields[2] === '160'));
    assert.deepEqual(frameNumbers(server.leg(uuid, 'W')), upTo(5));
    assert.equal(server.of(uuid, 'INV').length >= 3, true);
    // It finds its tongue: from then on everything is as if it had answered at once.
    server.options = {};
    await play.host.event('rst::start', uuid);
    await play.host.run(`play ${uuid} RW 1 0`);
    await server.have(uuid, 'DATA', 12);
    assert.equal(numbersOf(server.leg(uuid, 'R').at(-1) as Received).seq, 0);
    await play.hangUp(uuid);
  });

  test('with no-ack=stop a tap that nobody answers is taken off, and the reason said', async () => {
    const server = await play.serve({ losesAnswer: () => true });
    const uuid = await play.tap(server.port, 'PCMU', 'no-ack=stop');
    const error = await play.host.event('rst::error', uuid);
    assert.match(error['RST-Reason'] ?? '', /the server has not answered/);
    const stop = await play.host.event('rst::stop', uuid);
    assert.equal(stop['RST-Reason'], 'no-ack');
    await play.host.until(async () => (await play.host.taps(uuid)).length === 0);
    server.options = {};
    assert.match(await play.host.api(`uuid_rst ${uuid} 127.0.0.1 ${server.port}`), /^\+OK/);
    await play.host.run(`hangup ${uuid}`);
    await play.host.event('rst::stop', uuid, 1);
  });
});
