import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOST, isCode, linkTo, play } from './open-link.ts';
import {
  apiReply,
  commandReply,
  freePort,
  fullPort,
  plainEvent,
  serve,
} from './scripted-server.ts';
import { readTranscript } from './transcript.ts';
import { TranscriptServer } from './transcript-server.ts';

describe('the end of a Link', () => {
  test('refuses a wrong password in one sentence without the password', async (t) => {
    const server = await play(t, 'auth-fail');
    const { link, ends } = linkTo(server.port);
    await assert.rejects(
      link.start(),
      isCode(
        'RST_ESL_AUTH',
        /^event socket 127\.0\.0\.1:\d+ refuses this password \("-ERR invalid"\); it has to be /,
      ),
    );
    assert.equal(link.state, 'closed');
    assert.deepEqual(ends, []);

    const asUser = linkTo((await play(t, 'auth-fail')).port, { user: 'alice@pbx' });
    await assert.rejects(
      asUser.link.start(),
      isCode('RST_ESL_AUTH', /refuses user "alice@pbx" with this password/),
    );
  });

  test('says so where the address is not let in', async (t) => {
    const notice = 'Access Denied, go away.\n';
    const { port } = await serve(
      t,
      () => {},
      `Content-Type: text/rude-rejection\nContent-Length: ${notice.length}\n\n${notice}`,
    );
    await assert.rejects(
      linkTo(port).link.start(),
      isCode('RST_ESL_AUTH', /does not let this machine in \("Access Denied, go away\."\); allow/),
    );
  });

  test('refuses a password with a line break before anything is sent', async (t) => {
    const server = await play(t, 'auth-fail');
    const { link } = linkTo(server.port, { password: 'x\n\napi shutdown' });
    await assert.rejects(link.start(), isCode('RST_CONFIG', /line break/));
    assert.equal(server.accepted, 0);
  });

  test('tells what ended it: a shutdown, a reload, an exit, silence, a reset', async (t) => {
    const said: [string, RegExp][] = [
      ['reload-disconnect', /closed the connection: "The system is being shut down\."$/],
      ['shutdown-disconnect', /closed the connection: "The system is being shut down\."$/],
      ['exit-linger', /closed the connection: "Disconnected, goodbye\."$/],
      ['plain-inbound-call', /closed the connection without a word$/],
    ];
    for (const [name, message] of said) {
      const server = await play(t, name);
      const { link, ended } = linkTo(server.port);
      await link.start();
      // Each recording has other commands here; what it answers is not the matter.
      const commands = readTranscript(name).commands.slice(1);
      const asked = Promise.allSettled(commands.map(() => link.subscribe([], [])));
      isCode('RST_NOT_REACHABLE', message)(await ended);
      await asked;
    }
    const { port } = await serve(t, (socket) => socket.resetAndDestroy());
    const { link, ended } = linkTo(port);
    await link.start();
    const isReset = isCode('RST_NOT_REACHABLE', /is lost: .*ECONNRESET$/);
    await assert.rejects(link.api('status'), isReset);
    isReset(await ended);
  });

  test('rejects all that is pending before it says that it is closed, and says that once', async (t) => {
    const { port, sockets } = await serve(t, () => {});
    const order: string[] = [];
    const { link, ends, ended } = linkTo(
      port,
      {},
      { closed: () => setImmediate(() => order.push('closed')) },
    );
    await link.start();
    const pending = [link.api('status'), link.bgapi('status'), link.subscribe([], ['x'])].map(
      (promise) => promise.catch((error: Error) => order.push(error.message)),
    );
    for (const socket of sockets) socket.end();
    await ended;
    await Promise.all(pending);
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(
      order.join('\n'),
      /^(event socket \S+ closed the connection without a word\n){3}closed$/,
    );
    await link.close();
    assert.equal(ends.length, 1);
    await assert.rejects(link.api('status'), isCode('RST_ESL', /is not connected$/));
  });

  test('says where nobody is, and where somebody is who never speaks', async (t) => {
    await assert.rejects(
      linkTo(await freePort()).link.start(),
      isCode('RST_NOT_REACHABLE', /does not answer: .*ECONNREFUSED.*; is FreeSWITCH running there/),
    );
    await assert.rejects(
      linkTo(70_000).link.start(),
      isCode('RST_NOT_REACHABLE', /127\.0\.0\.1:70000 does not answer: .*65536/),
    );
    const silent = await TranscriptServer.open(null);
    t.after(() => silent[Symbol.asyncDispose]());
    await assert.rejects(
      linkTo(silent.port, { authTimeoutMs: 20 }).link.start(),
      isCode('RST_NOT_REACHABLE', /lets nobody log in within 20 ms/),
    );
    const strangers = await serve(t, () => {}, `${'SSH-2.0-OpenSSH\r\n'.repeat(80_000)}`);
    await assert.rejects(
      linkTo(strangers.port).link.start(),
      isCode('RST_ESL', /sent a header of more than 1048576 bytes; is something else listening/),
    );
  });

  test('gives up connecting where no packet comes back', async (t) => {
    await assert.rejects(
      linkTo(await fullPort(t), { connectTimeoutMs: 50 }).link.start(),
      isCode('RST_NOT_REACHABLE', /does not answer within 50 ms; is FreeSWITCH/),
    );
  });

  test('closes over a reply that does not come, because the next could not be told from it', async (t) => {
    const { port } = await serve(t, (socket, command) => {
      if (command !== 'api never') socket.write(apiReply(command));
    });
    const { link, ended } = linkTo(port, { commandTimeoutMs: 40 });
    await link.start();
    const isLate = isCode('RST_ESL', /gives no reply to "api never" within 40 ms$/);
    await assert.rejects(link.api('never'), isLate);
    isLate(await ended);
    await link.close();
  });

  test('goes on where only the result of a job does not come', async (t) => {
    const { port } = await serve(t, (socket, command) => {
      socket.write(command.startsWith('bgapi') ? commandReply('+OK Job-UUID: x') : apiReply('UP'));
    });
    const { link } = linkTo(port, { commandTimeoutMs: 200 });
    t.after(() => link.close());
    await link.start();
    await assert.rejects(
      link.bgapi('slow'),
      isCode('RST_ESL', /gives no result to "bgapi slow" within 200 ms$/),
    );
    assert.equal(await link.api('status'), 'UP');
  });

  test('goes on where a handler throws, and says what it threw', async (t) => {
    const { port } = await serve(t, (socket) => {
      socket.write(plainEvent('Event-Name: A') + plainEvent('Event-Name: B') + apiReply('UP'));
    });
    const heard: string[] = [];
    const bad = new Error('no such call');
    const { link, failures } = linkTo(
      port,
      {},
      {
        event: ({ name }) => {
          heard.push(name);
          throw bad;
        },
        closed: () => {
          throw bad;
        },
      },
    );
    await link.start();
    assert.equal(await link.api('status'), 'UP');
    await link.close();
    assert.deepEqual(heard, ['A', 'B']);
    assert.deepEqual(failures, [bad, bad, bad]);
  });

  test('closes over bytes that are no event socket, with one sentence', async (t) => {
    const { port } = await serve(t, (socket) => socket.write('Content-Length: 99999999999\n\n'));
    const { link, ended } = linkTo(port);
    await link.start();
    const tooLarge = isCode(
      'RST_ESL',
      /^event socket \S+ sent a Content-Length of more than 16777216 bytes/,
    );
    await assert.rejects(link.api('status'), tooLarge);
    tooLarge(await ended);
  });

  test('says goodbye, closes once, and the server sees the end', async (t) => {
    const received: string[] = [];
    const { port, sockets } = await serve(t, (socket, command) => {
      received.push(command);
      if (command === 'exit') socket.end(commandReply('+OK bye'));
    });
    const { link, ends } = linkTo(port);
    assert.equal(link.state, 'idle');
    assert.equal(link.localAddress + link.remoteAddress, '');
    await link.start();
    assert.equal(link.state, 'ready');
    assert.deepEqual([link.localAddress, link.remoteAddress], [HOST, HOST]);
    const pending = assert.rejects(link.api('status'), isCode('RST_ESL', /is not connected$/));
    const closing = link.close();
    assert.equal(link.state, 'closing');
    assert.equal(link.close(), closing);
    await closing;
    await pending;
    assert.equal(link.state, 'closed');
    assert.deepEqual(ends, [null]);
    assert.deepEqual(received, ['api status', 'exit']);
    assert.equal(sockets[0]?.readableEnded, true);
  });

  test('closes where the server takes no notice of the goodbye', async (t) => {
    const { port } = await serve(t, (socket) => {
      socket.write(apiReply('UP'));
      socket.pause();
    });
    const { link, ends } = linkTo(port);
    await link.start();
    await link.api('status');
    await link.close();
    assert.deepEqual(ends, [null]);
  });

  test('can be closed before it starts and while it does', async (t) => {
    const silent = await TranscriptServer.open(null);
    t.after(() => silent[Symbol.asyncDispose]());
    const early = linkTo(silent.port);
    await early.link.close();
    await assert.rejects(early.link.start(), isCode('RST_ESL', /is not connected$/));
    const late = linkTo(silent.port);
    const started = assert.rejects(late.link.start(), isCode('RST_ESL', /is not connected$/));
    await late.link.close();
    await started;
    assert.deepEqual([...early.ends, ...late.ends], []);
  });

  test('stops starting when told to', async (t) => {
    const silent = await TranscriptServer.open(null);
    t.after(() => silent[Symbol.asyncDispose]());
    const reason = new Error('enough');
    const isReason = (error: unknown) => error === reason;
    await assert.rejects(linkTo(silent.port).link.start(AbortSignal.abort(reason)), isReason);
    const abort = new AbortController();
    const { link } = linkTo(silent.port);
    const started = assert.rejects(link.start(abort.signal), isReason);
    abort.abort(reason);
    await started;
    assert.equal(link.state, 'closed');
  });
});
