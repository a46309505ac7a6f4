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

describe('the end of a tap', () => {
  test('a hangup is a BYE, from the port of the INV and behind all audio', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    await play.host.run(`play ${uuid} RW 50 0`);
    await play.hangUp(uuid);
    const [inv] = server.of(uuid, 'INV');
    const byes = server.of(uuid, 'BYE');
    assert.deepEqual(
      byes.map(({ from, bytes }) => [from, bytes.toString()]),
      [[inv?.from, `BYE :${uuid}`]],
    );
    const stop = await play.host.event('rst::stop', uuid);
    assert.equal(stop['RST-Reason'], 'hangup');
    assert.equal(stop['RST-Packets'], '50 50');
    assert.equal(stop['RST-Destination'], `127.0.0.1:${server.port}`);
    assert.equal(stop['RST-Local-Ports'], inv?.fields.slice(2, 4).join(' '));
  });

  test('a BYE that gets lost is sent again, while the channel has long gone', async () => {
    let losses = 0;
    const server = await play.serve({ loses: ({ verb }) => verb === 'BYE' && losses++ < 2 });
    const uuid = await play.tap(server.port);
    await play.hangUp(uuid);
    assert.equal(losses, 3);
    assert.equal(server.of(uuid, 'BYE').length, 1);
  });

  test('a BYE that nobody answers is given up, and nothing is left', async () => {
    const server = await play.serve({ losesAnswer: ({ verb }) => verb === 'BYE' });
    const uuid = await play.tap(server.port);
    await play.hangUp(uuid);
    assert.ok(server.of(uuid, 'BYE').length > 1);
    await play.host.until(async () => (await play.host.taps(uuid)).length === 0);
  });

  for (const command of ['rst_stop', 'uuid_rst_stop'])
    test(`${command} takes the tap off, and the call goes on`, async () => {
      const server = await play.serve();
      const uuid = await play.tap(server.port);
      await play.host.run(`play ${uuid} RW 3 0`);
      assert.match(await play.host.api(`${command} ${uuid}`), /^\+OK /);
      assert.equal((await play.host.event('rst::stop', uuid))['RST-Reason'], 'stopped');
      await play.host.run(`play ${uuid} RW 3 0`);
      assert.match(await play.host.api(`${command} ${uuid}`), /^-ERR not running/);
      assert.equal((await play.host.run('stats')).bugs, 0);
      // It can be tapped again: another call for the server.
      assert.match(await play.host.api(`uuid_rst ${uuid} 127.0.0.1 ${server.port}`), /^\+OK /);
      await server.have(uuid, 'INV', 2);
      await play.host.run(`play ${uuid} RW 3 0`);
      await play.host.run(`hangup ${uuid}`);
      await play.host.event('rst::stop', uuid, 1);
      assert.deepEqual(frameNumbers(server.leg(uuid, 'R')), [0, 1, 2, 6, 7, 8]);
      assert.deepEqual(
        server.leg(uuid, 'R').map((packet) => numbersOf(packet).seq),
        [0, 1, 2, 0, 1, 2],
      );
    });

  test('a call that is tapped again at once is a new one for the server, and loses nothing', async () => {
    let losses = 0;
    const server = await play.serve({ loses: ({ verb }) => verb === 'BYE' && losses++ < 2 });
    const uuid = await play.tap(server.port);
    await play.host.run(`play ${uuid} RW 3 0`);
    await play.host.api(`rst_stop ${uuid}`);
    assert.match(await play.host.api(`uuid_rst ${uuid} 127.0.0.1 ${server.port}`), /^\+OK /);
    await play.host.run(`play ${uuid} RW 3 0`);
    await server.have(uuid, 'DATA', 12);
    const verbs = server.received.filter((one) => one.uuid === uuid && one.verb !== 'DATA');
    assert.deepEqual(
      verbs.map(({ verb }) => verb),
      ['INV', 'BYE', 'INV'],
    );
    assert.deepEqual(frameNumbers(server.leg(uuid, 'R')), upTo(6));
    await play.host.run(`hangup ${uuid}`);
    await play.host.event('rst::stop', uuid, 1);
  });

  test('a BYE of the server is answered, and takes the tap off', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    const [inv] = await server.have(uuid, 'INV');
    await play.host.run(`play ${uuid} RW 3 0`);
    await server.have(uuid, 'DATA', 6);
    server.say(`BYE :${uuid}`, inv?.from ?? 0);
    assert.equal((await play.host.event('rst::stop', uuid))['RST-Reason'], 'server');
    await server.have(uuid, 'ACK');
    await play.host.until(async () => (await play.host.run('stats')).bugs === 0);
    await play.host.run(`play ${uuid} RW 3 0`);
    await play.host.run(`hangup ${uuid}`);
    assert.equal(server.of(uuid, 'DATA').length, 6);
    assert.equal(server.of(uuid, 'BYE').length, 0);
  });

  test('the same where the channel has got another UUID meanwhile', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    const [inv] = await server.have(uuid, 'INV');
    await play.host.event('rst::start', uuid);
    await play.host.run(`rename ${uuid} ${uuid}-new`);
    assert.match(await play.host.api(`uuid_rst ${uuid}-new 127.0.0.1 1`), /^-ERR already running/);
    server.say(`BYE :${uuid}`, inv?.from ?? 0);
    await play.host.event('rst::stop', uuid);
    await play.host.until(async () => {
      await play.host.run(`play ${uuid}-new RW 1 0`);
      return (await play.host.run('stats')).bugs === 0;
    });
    await play.host.run(`hangup ${uuid}-new`);
  });

  test('a tap of a channel that has got another UUID is stopped by that', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    await play.host.run(`rename ${uuid} ${uuid}-new`);
    assert.match(await play.host.api(`rst_stop ${uuid}-new`), /^\+OK /);
    await play.host.event('rst::stop', uuid);
    await play.host.run(`hangup ${uuid}-new`);
  });

  test('answers that are not meant for it do not move it', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    const [inv] = await server.have(uuid, 'INV');
    const port = inv?.from ?? 0;
    for (const text of [
      'BYE :other',
      'ACK :other:1:2',
      'BYE',
      'ACK',
      `INV :${uuid}:a:b`,
      '\0',
      'x',
    ])
      server.say(text, port);
    server.say(`ACK :${uuid}:70000:1`, port);
    server.say(`BYE :${uuid}${'u'.repeat(2000)}`, port);
    await play.host.run(`play ${uuid} RW 10 1000`);
    await play.hangUp(uuid);
    assert.deepEqual(frameNumbers(server.leg(uuid, 'R')), upTo(10));
  });
});

describe('a server that goes away', () => {
  test('is invited anew when it is back, and gets the rest of the call as a new one', async () => {
    const server = await play.serve();
    const { port } = server;
    const uuid = await play.tap(port, 'PCMU', 'buffer-ms=10000');
    await play.host.run(`play ${uuid} RW 5 0`);
    await server.have(uuid, 'DATA', 10);
    await play.close(server);
    await play.host.run(`play ${uuid} RW 1 0`);
    const error = await play.host.event('rst::error', uuid);
    assert.equal(error['RST-Reason'], 'the server has gone');
    // These find nobody, and are kept.
    await play.host.run(`play ${uuid} RW 5 0`);
    const back = await play.serve({ port });
    const start = await play.host.event('rst::start', uuid, 1);
    assert.equal(start['RST-Reason'], 'the server is back');
    await play.host.run(`play ${uuid} RW 5 0`);
    await play.hangUp(uuid);
    for (const flag of ['R', 'W'] as const) {
      const packets = back.leg(uuid, flag);
      // The packet that told of it is lost; it may be that one of the other leg is too.
      assert.deepEqual(frameNumbers(packets).slice(-10), upTo(16).slice(6));
      assert.deepEqual(
        packets.map((packet) => numbersOf(packet).seq),
        upTo(packets.length),
      );
    }
  });

  test('is replaced by another one at the same place, which numbers tell', async () => {
    let isOther = false;
    const server = await play.serve();
    const other = await play.serve();
    const uuid = await play.tap(server.port, 'PCMU', 'keepalive-ms=20');
    await play.host.run(`play ${uuid} RW 3 0`);
    await server.have(uuid, 'DATA', 6);
    await server.have(uuid, 'INV', 4);
    assert.equal(new Set(server.of(uuid, 'INV').map(({ bytes }) => bytes.toString())).size, 1);
    // What the answer of another process looks like: other ports.
    server.options = {
      losesAnswer: (one: Received) => {
        if (one.verb !== 'INV') return false;
        const ports = `${other.mediaPorts.read}:${other.mediaPorts.write}`;
        server.say(`ACK :${uuid}:${ports}:seq=1`, one.from);
        isOther = true;
        return true;
      },
    };
    await play.host.event('rst::start', uuid, 1);
    await play.host.run(`play ${uuid} RW 3 0`);
    await other.have(uuid, 'DATA', 6);
    assert.ok(isOther);
    assert.deepEqual(
      other.leg(uuid, 'W').map((packet) => numbersOf(packet).seq),
      upTo(3),
    );
    await play.hangUp(uuid);
  });

  test('and never comes back costs the call nothing', async () => {
    const server = await play.serve();
    const { port } = server;
    await play.close(server);
    const uuid = await play.tap(port, 'PCMU', 'buffer-ms=100 ack-timeout-ms=200');
    const error = await play.host.event('rst::error', uuid);
    assert.match(error['RST-Reason'] ?? '', /nobody listens/);
    await play.host.run(`play ${uuid} RW 2000 0`);
    const [tap] = await play.host.taps(uuid);
    assert.equal(tap?.state, 'seeking');
    await play.hangUp(uuid);
    await play.host.until(async () => (await play.host.taps(uuid)).length === 0);
  });
});

describe('FreeSWITCH', () => {
  test('may keep whoever fires events waiting; audio and answers go on', async () => {
    const server = await play.serve();
    await play.host.run('hold');
    const uuid = await play.call();
    await play.host.run(`api uuid_rst ${uuid} 127.0.0.1 ${server.port}`);
    await server.have(uuid, 'INV');
    await play.host.run(`play ${uuid} RW 20 0`);
    await server.have(uuid, 'DATA', 40);
    await play.host.run(`hangup ${uuid}`);
    await server.have(uuid, 'BYE');
    await play.host.run('release');
    await play.host.event('rst::start', uuid);
    await play.host.event('rst::stop', uuid);
  });

  test('unloads the module while calls are tapped, and can load it again', async () => {
    const server = await play.serve();
    const silent = await play.serve({ losesAnswer: () => true });
    const uuids = await Promise.all([1, 2, 3].map(() => play.tap(server.port)));
    const deaf = await play.tap(silent.port);
    const renamed = await play.tap(server.port);
    await play.host.run(`rename ${renamed} ${renamed}-new`);
    const playing = [...uuids, deaf, `${renamed}-new`].map((uuid) =>
      play.host.run(`play ${uuid} RW 100 10000`),
    );
    for (const uuid of uuids) await server.have(uuid, 'DATA');
    assert.equal((await play.host.run('unload')).reply, 'unloaded');
    for (const uuid of uuids) {
      assert.equal(server.of(uuid, 'BYE').length, 1);
      assert.equal((await play.host.event('rst::stop', uuid))['RST-Reason'], 'unload');
    }
    await Promise.all(playing);
    const left = await play.host.run('stats');
    assert.deepEqual([left.bugs, left.codecs, left.bound], [0, 0, 0]);
    assert.match(await play.host.api(`uuid_rst ${deaf} 127.0.0.1 1`), /Command not found/);
    await play.host.run('load');
    assert.match(await play.host.api(`uuid_rst ${uuids[0]} 127.0.0.1 ${server.port}`), /^\+OK/);
    for (const uuid of [...uuids, deaf, `${renamed}-new`]) await play.host.run(`hangup ${uuid}`);
    await play.host.event('rst::stop', uuids[0] ?? '', 1);
  });

  test('keeps the module where a channel does not let go of it, and can load it again', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    await play.host.event('rst::start', uuid);
    // Nobody finds it by its name any more, and no frame comes that could be refused.
    await play.host.run(`rename ${uuid} ${uuid}-new`);
    assert.equal((await play.host.run('unload')).reply, 'kept');
    assert.match(play.host.log.at(-1) ?? '', /the module stays in memory/);
    await play.host.run('load');
    assert.equal((await play.host.taps(uuid))[0]?.state, 'ended');
    await play.host.run(`hangup ${uuid}-new`);
    await play.host.until(async () => (await play.host.taps()).length === 0);
    const next = await play.tap(server.port);
    await server.have(next, 'INV');
    await play.hangUp(next);
  });
});
