import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseTapReply } from '../../src/esl/tap-reply.ts';
import { TapPlay } from './tap-play.ts';

let play: TapPlay;

before(async () => {
  play = await TapPlay.start();
});
after(() => play.stop());

describe('replies', () => {
  test('say what is wrong, in words that servers know', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port);
    const again = await play.host.api(`uuid_rst ${uuid} 127.0.0.1 ${server.port}`);
    assert.equal(again, '-ERR already running');
    assert.equal(parseTapReply(again), 'running');
    const unknown = await play.host.api(`uuid_rst nobody 127.0.0.1 ${server.port}`);
    assert.equal(unknown, '-ERR no such channel');
    assert.equal(parseTapReply(unknown), 'unknown');
    const other = await play.call();
    const tapped = await play.host.api(`uuid_rst ${other} 127.0.0.1 ${server.port}`);
    assert.equal(tapped, `+OK ${other} is tapped to 127.0.0.1:${server.port}`);
    assert.equal(parseTapReply(tapped), 'accepted');
    for (const { command, reply } of [
      { command: 'uuid_rst', reply: /^-ERR usage: uuid_rst UUID \[IP PORT\]/ },
      { command: 'rst_stop', reply: /^-ERR usage: rst_stop UUID/ },
      { command: `rst_stop nobody`, reply: /^-ERR no such channel/ },
      { command: `uuid_rst ${uuid} localhost 9527`, reply: /^-ERR ip cannot be "localhost"/ },
      { command: `uuid_rst ${uuid} 127.0.0.1 0`, reply: /^-ERR port cannot be "0"/ },
      { command: `uuid_rst ${uuid} mode=mp3`, reply: /^-ERR mode cannot be "mp3"/ },
      { command: `uuid_rst ${uuid} colour=red`, reply: /^-ERR there is no option "colour"/ },
      { command: `uuid_rst ${uuid} 127.0.0.1 1 %n%s`, reply: /^-ERR "%n%s" is one word too many/ },
      { command: `uuid_rst ${'u'.repeat(200)} 127.0.0.1 1`, reply: /^-ERR usage/ },
      {
        command: `uuid_rst ${uuid} ${'x'.repeat(2000)}`,
        reply: /^-ERR the arguments are too long/,
      },
    ])
      assert.match(await play.host.api(command), reply);
    await play.hangUp(uuid);
    await play.hangUp(other);
  });

  test('a channel without media of its own is refused', async () => {
    const uuid = await play.call();
    await play.host.run(`proxy ${uuid} mode`);
    assert.match(await play.host.api(`uuid_rst ${uuid}`), /^-ERR cannot be tapped: .* bypasses/);
    await play.host.run(`proxy ${uuid} media`);
    assert.match(await play.host.api(`uuid_rst ${uuid}`), /^-ERR cannot be tapped: .* unread/);
    assert.deepEqual(await play.host.taps(), []);
    await play.host.run(`hangup ${uuid}`);
  });

  test('a UUID that the protocol cannot say is refused', async () => {
    await play.host.run('session a:b PCMU');
    assert.match(
      await play.host.api('uuid_rst a:b 127.0.0.1 1'),
      /^-ERR cannot be tapped: its UUID/,
    );
    await play.host.run('hangup a:b');
  });

  test('ports that are all taken are said', async () => {
    const server = await play.serve();
    await play.host.configure({ 'port-range': '9990-9993', 'ack-timeout-ms': 400 });
    await play.host.run('reloadxml');
    const uuids = [await play.tap(server.port), await play.tap(server.port)];
    const more = await play.call();
    assert.match(await play.host.api(`uuid_rst ${more}`), /^-ERR no UDP port could be bound/);
    const ports = (await play.host.taps()).flatMap(({ R, W }) => [R.localPort, W.localPort]);
    assert.deepEqual(ports.sort(), [9990, 9991, 9992, 9993]);
    await play.host.configure({ 'ack-timeout-ms': 400 });
    await play.host.run('reloadxml');
    for (const uuid of uuids) await play.hangUp(uuid);
    await play.host.run(`hangup ${more}`);
  });

  test('rst_status shows each tap', async () => {
    const server = await play.serve();
    const uuid = await play.tap(server.port, 'G722', 'mode=l16');
    await play.host.event('rst::start', uuid);
    await play.host.run(`play ${uuid} R 3 0`);
    await server.have(uuid, 'DATA', 3);
    await play.host.until(async () => (await play.host.taps(uuid))[0]?.R.packets === 3);
    const [tap] = await play.host.taps(uuid);
    const [inv] = server.of(uuid, 'INV');
    const { read, write } = server.mediaPorts;
    assert.deepEqual(
      { ...tap, milliseconds: 0 },
      {
        uuid,
        destination: `127.0.0.1:${server.port}`,
        state: 'sending',
        mode: 'l16',
        rate: 16000,
        numbered: true,
        invites: 1,
        milliseconds: 0,
        attached: true,
        R: { localPort: inv?.from, serverPort: read, packets: 3, bytes: 1920, discarded: 0 },
        W: {
          localPort: Number(inv?.fields[3]),
          serverPort: write,
          packets: 0,
          bytes: 0,
          discarded: 0,
        },
      },
    );
    assert.deepEqual(await play.host.taps('nobody'), []);
    await play.hangUp(uuid);
  });
});

describe('where a tap goes', () => {
  test('is said by the command, else by the channel, else by the configuration', async () => {
    const [first, second, third] = [await play.serve(), await play.serve(), await play.serve()];
    await play.host.configure({
      'udp-server-ip': '127.0.0.1',
      'udp-server-port': first.port,
      'write-hex': 'false',
      'ack-timeout-ms': 400,
    });
    await play.host.run('reloadxml');
    const plain = await play.call();
    assert.match(await play.host.api(`uuid_rst ${plain}`), /^\+OK/);
    await first.have(plain, 'INV');
    const variable = await play.call();
    await play.host.run(`set ${variable} rst_ip 127.0.0.1`);
    await play.host.run(`set ${variable} rst_port ${second.port}`);
    await play.host.run(`set ${variable} rst_no_ack stop`);
    assert.match(await play.host.api(`uuid_rst ${variable}`), /^\+OK/);
    await second.have(variable, 'INV');
    const command = await play.call();
    await play.host.run(`set ${command} rst_port ${second.port}`);
    assert.match(await play.host.api(`uuid_rst ${command} 127.0.0.1 ${third.port}`), /^\+OK/);
    await third.have(command, 'INV');
    const wrong = await play.call();
    await play.host.run(`set ${wrong} rst_mode loud`);
    assert.match(await play.host.api(`uuid_rst ${wrong}`), /^-ERR mode cannot be "loud"/);
    await play.host.run(`hangup ${wrong}`);
    for (const uuid of [plain, variable, command]) await play.hangUp(uuid);
  });

  test('the application honours its arguments, and leaves its reply in a variable', async () => {
    const server = await play.serve();
    const uuid = await play.call();
    const { reply } = await play.host.run(`app ${uuid} 127.0.0.1 ${server.port} mode=l16`);
    assert.equal(reply, `+OK ${uuid} is tapped to 127.0.0.1:${server.port}`);
    await server.have(uuid, 'INV');
    const again = await play.host.run(`app ${uuid} 127.0.0.1 ${server.port}`);
    assert.equal(again.reply, '-ERR already running');
    await play.hangUp(uuid);
  });

  test('a configuration that is gone, or wrong, leaves what was there', async () => {
    const server = await play.serve();
    await play.host.configure({ 'udp-server-port': server.port, 'ack-timeout-ms': 400 });
    await play.host.run('reloadxml');
    await play.host.run('config -');
    await play.host.run('reloadxml');
    const uuid = await play.call();
    assert.match(await play.host.api(`uuid_rst ${uuid}`), /^\+OK/);
    await server.have(uuid, 'INV');
    await play.hangUp(uuid);
    await play.host.configure({
      'udp-server-port': server.port,
      'udp-server-ip': 'nowhere',
      'no-such': 1,
      'ack-timeout-ms': 400,
    });
    await play.host.run('reloadxml');
    assert.match(play.host.log.join(''), /rst\.conf\.xml: udp-server-ip cannot be "nowhere"/);
    const other = await play.call();
    assert.match(await play.host.api(`uuid_rst ${other}`), /^\+OK/);
    await server.have(other, 'INV');
    await play.hangUp(other);
  });

  test('a second destination is allowed where it is asked for, and each ends by itself', async () => {
    const [first, second] = [await play.serve(), await play.serve()];
    const uuid = await play.tap(first.port);
    const to = `${uuid} 127.0.0.1 ${second.port}`;
    assert.equal(await play.host.api(`uuid_rst ${to}`), '-ERR already running');
    assert.match(await play.host.api(`uuid_rst ${to} also=true`), /^\+OK/);
    assert.equal(await play.host.api(`uuid_rst ${to} also=true`), '-ERR already running');
    await play.host.run(`play ${uuid} RW 3 0`);
    await Promise.all([first, second].map((server) => server.have(uuid, 'DATA', 6)));
    assert.match(await play.host.api(`rst_stop ${uuid} 127.0.0.1:${first.port}`), /^\+OK/);
    await first.have(uuid, 'BYE');
    await play.host.run(`play ${uuid} RW 3 0`);
    await second.have(uuid, 'DATA', 12);
    assert.equal(first.of(uuid, 'DATA').length, 6);
    assert.equal((await play.host.run('stats')).bugs, 1);
    await play.host.run(`hangup ${uuid}`);
    await second.have(uuid, 'BYE');
  });
});
