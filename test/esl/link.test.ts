import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isCode, linkTo, PASSWORD, play } from './open-link.ts';
import { apiReply, commandReply, plainEvent, serve } from './scripted-server.ts';
import { messagesOf, readTranscript } from './transcript.ts';

const NAMES = [
  'CHANNEL_CREATE',
  'CHANNEL_ANSWER',
  'CHANNEL_BRIDGE',
  'CHANNEL_HANGUP_COMPLETE',
  'BACKGROUND_JOB',
  'HEARTBEAT',
];

describe('Link', () => {
  for (const pieceBytes of [undefined, 1, 7]) {
    const way = pieceBytes ? `${pieceBytes} bytes at a time` : 'in one piece';

    test(`hears a recorded call, ${way}`, async (t) => {
      for (const name of ['plain-inbound-call', 'plain-inbound-call-prebuilt', 'plain-gbk-name']) {
        const server = await play(t, name, { pieceBytes });
        const { link, events, ended } = linkTo(server.port);
        await link.start();
        await link.subscribe(NAMES, []);
        const result = await link.bgapi('uuid_rst 1 127.0.0.1 9527');
        assert.equal(result, name.endsWith('prebuilt') ? '' : '+OK Success\n');
        assert.match((await ended)?.message ?? '', /closed the connection without a word$/);
        const ofChannels = events.filter((event) => event.name !== 'HEARTBEAT');
        assert.deepEqual(
          ofChannels.map((event) => event.name),
          ['CHANNEL_CREATE', 'CHANNEL_ANSWER', 'CHANNEL_HANGUP_COMPLETE'],
        );
        for (const event of ofChannels) assert.equal(event.get('Caller-Caller-ID-Name'), '张三');
        assert.equal(ofChannels[2]?.get('Hangup-Cause'), 'NORMAL_CLEARING');
        const [auth, subscription, tap] = server.commands;
        assert.equal(auth, `auth ${PASSWORD}`);
        assert.equal(subscription, `event plain ${NAMES.join(' ')}`);
        assert.match(tap ?? '', /^bgapi uuid_rst 1 127\.0\.0\.1 9527\nJob-UUID: [-0-9a-f]{36}$/);
      }
    });

    test(`matches recorded answers to api commands, ${way}`, async (t) => {
      for (const name of ['api-replies-fixed', 'api-replies-prebuilt']) {
        const transcript = readTranscript(name);
        const [, , ...replies] = messagesOf(transcript.server);
        const server = await play(t, name, { pieceBytes, atEnd: 'stay' });
        const { link } = linkTo(server.port);
        t.after(() => link.close());
        await link.start();
        const commands = transcript.commands.slice(1).map(({ text }) => text.replace(/^api ?/, ''));
        const results = await Promise.allSettled(commands.map((command) => link.api(command)));
        for (const [i, { contentType, body }] of replies.entries()) {
          const result = results[i] as PromiseSettledResult<string>;
          if (contentType === 'api/response')
            assert.deepEqual(result, { status: 'fulfilled', value: body.toString() });
          else {
            assert.equal(result.status, 'rejected');
            isCode('RST_ESL', /-ERR command not found/)((result as PromiseRejectedResult).reason);
          }
        }
        assert.equal(replies.length, commands.length);
      }
    });

    test(`matches recorded results of bgapi, three at once too, ${way}`, async (t) => {
      for (const [name, expected] of [
        ['bgapi-replies-prebuilt', ''],
        ['bgapi-replies-fixed', '+OK Success\n'],
      ] as const) {
        const server = await play(t, name, { pieceBytes, atEnd: 'stay' });
        const { link, events } = linkTo(server.port);
        t.after(() => link.close());
        await link.start();
        await link.subscribe([], []);
        assert.equal(server.commands[1], 'event plain BACKGROUND_JOB');
        assert.equal(await link.bgapi('uuid_rst 1 127.0.0.1 9527'), expected);
        const results: string[] = [];
        for (let i = 0; i < 8; i++) results.push(await link.bgapi('anything'));
        assert.match(results[0] ?? '', /^-ERR /);
        assert.match(results[6] ?? '', /^UP 0 years/);
        const three = await Promise.all([1, 2, 3].map(() => link.bgapi('uuid_exists 1')));
        assert.deepEqual(three, ['true', 'true', 'true']);
        assert.deepEqual(events, []);
      }
    });
  }

  test('logs in as a user where there is one', async (t) => {
    const server = await play(t, 'exit-linger', { atEnd: 'stay' });
    const { link } = linkTo(server.port, { user: 'alice@pbx' });
    await link.start();
    assert.deepEqual(server.commands, [`userauth alice@pbx:${PASSWORD}`]);
    await link.close();
  });

  test('says what a command was answered where that is no success', async (t) => {
    const { port } = await serve(t, (socket, command) => {
      if (command === 'api 50') socket.write(apiReply('-ERR 50% busy\n'));
      else socket.write(commandReply('-ERR 50% busy'));
    });
    const { link } = linkTo(port);
    t.after(() => link.close());
    await link.start();
    assert.equal(await link.api('50'), '-ERR 50% busy\n');
    const busy = isCode('RST_ESL', /answers ".*" with "-ERR 50% busy"$/);
    await assert.rejects(link.api('x'), busy);
    await assert.rejects(link.bgapi('x'), busy);
    await assert.rejects(link.subscribe(['X'], []), busy);
    await assert.rejects(link.apiJson('50'), busy);
  });

  test('sends no command with a line break or NUL in it', async (t) => {
    const received: string[] = [];
    const { port } = await serve(t, (socket, command) => {
      received.push(command);
      socket.write(apiReply('UP'));
    });
    const { link } = linkTo(port);
    t.after(() => link.close());
    await link.start();
    const refused = isCode('RST_ESL', /is not sent "(api|bgapi|event plain) ?.*": what follows/);
    for (const bad of ['\n', '\r', '\0']) {
      await assert.rejects(link.api(`status${bad}api shutdown`), refused);
      await assert.rejects(link.bgapi(`status${bad}`), refused);
      await assert.rejects(link.subscribe([`A${bad}`], []), refused);
      await assert.rejects(link.subscribe([], [`x${bad}`]), refused);
    }
    assert.equal(await link.api('status'), 'UP');
    assert.deepEqual(received, ['api status']);
  });

  test('puts CUSTOM last', async (t) => {
    const received: string[] = [];
    const { port } = await serve(t, (socket, command) => {
      received.push(command);
      socket.write(commandReply('+OK event listener enabled plain'));
    });
    const { link } = linkTo(port);
    t.after(() => link.close());
    await link.start();
    const names = Object.freeze(['CHANNEL_ANSWER', 'HEARTBEAT']);
    await link.subscribe(names, ['sofia::register', 'conference::maintenance']);
    assert.deepEqual(received, [
      'event plain CHANNEL_ANSWER HEARTBEAT BACKGROUND_JOB CUSTOM sofia::register conference::maintenance',
    ]);
  });

  test('reads channels of several callers, GBK and UTF-8, as JSON', async (t) => {
    const body = Buffer.concat([
      Buffer.from('{"row_count":2,"rows":[{"cid_name":"张三"},{"cid_name":"'),
      Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]),
      Buffer.from('"}]}'),
    ]);
    const { port } = await serve(t, (socket) => {
      socket.write(`Content-Type: api/response\nContent-Length: ${body.length}\n\n`);
      socket.write(body);
    });
    const { link } = linkTo(port);
    t.after(() => link.close());
    await link.start();
    assert.deepEqual(await link.apiJson('show channels as json'), {
      row_count: 2,
      rows: [{ cid_name: '张三' }, { cid_name: '张三' }],
    });
  });

  test('lets whoever awaits a reply go on before the events behind it', async (t) => {
    const { port } = await serve(t, (socket) => {
      const event = (name: string) => plainEvent(`Event-Name: ${name}`);
      socket.write(event('BEFORE') + apiReply('channels') + event('AFTER') + event('AFTER'));
    });
    const order: string[] = [];
    const { link, ended } = linkTo(port, {}, { event: ({ name }) => order.push(name) });
    await link.start();
    const ask = async () => {
      order.push(await link.api('show channels'));
      await Promise.resolve();
      order.push('done');
    };
    await ask();
    await link.api('show channels');
    await link.close();
    assert.equal(await ended, null);
    assert.deepEqual(order.slice(0, 5), ['BEFORE', 'channels', 'done', 'AFTER', 'AFTER']);
  });

  test('passes over messages it did not ask for, and over 50,000 of them in one piece', async (t) => {
    const strange = [
      'Content-Type: text/event-json\nContent-Length: 2\n\n{}',
      'Content-Type: log/data\nContent-Length: 4\nLog-Level: 3\n\nhey\n',
      'Content-Type: __proto__\nEvent-Name: error\n\n',
      'nothing at all\n\n',
      plainEvent('Event-Name: BACKGROUND_JOB', 'Job-UUID: of-somebody-else'),
    ].join('');
    const { port } = await serve(t, (socket) =>
      socket.write(strange + plainEvent('Event-Name: X').repeat(50_000) + apiReply('UP')),
    );
    const { link, events } = linkTo(port);
    t.after(() => link.close());
    await link.start();
    assert.equal(await link.api('status'), 'UP');
    assert.equal(events.length, 50_000);
  });
});
