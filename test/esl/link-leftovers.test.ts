import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { linkTo } from './open-link.ts';
import { apiReply, commandReply, serve } from './scripted-server.ts';

describe('a Link that has ended', () => {
  test('leaves nothing behind, 20 times over, whoever ended it and however', async (t) => {
    const { port, sockets } = await serve(t, (socket, command) => {
      if (command === 'exit') socket.end();
      else if (command === 'api reset') socket.resetAndDestroy();
      else if (command.startsWith('bgapi')) socket.write(commandReply('+OK Job-UUID: x'));
      else if (command !== 'api never') socket.write(apiReply('UP'));
    });
    const { signal } = new AbortController();
    const ways = ['close', 'bgapi', 'api reset', 'api never', 'password'] as const;
    const liveAndDie = async (way: (typeof ways)[number]) => {
      const { link, ends } = linkTo(port, {
        commandTimeoutMs: 50,
        user: way === 'password' ? 'nobody' : null,
      });
      const started = link.start(signal);
      if (way === 'password') {
        // The server takes `userauth` for a command and says `UP`.
        await assert.rejects(started);
        return assert.deepEqual(ends, []);
      }
      await started;
      assert.equal(await link.api('status'), 'UP');
      if (way === 'bgapi') void assert.rejects(link.bgapi('slow'));
      else if (way !== 'close') await assert.rejects(link.api(way.replace('api ', '')));
      await link.close();
      assert.equal(ends.length, 1);
    };
    await setImmediate();
    const before = process.getActiveResourcesInfo();
    for (let i = 0; i < 20; i++) await liveAndDie(ways[i % ways.length] as (typeof ways)[number]);
    await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
    // A socket says that it is closed just before it is.
    await setImmediate();
    assert.equal(sockets.length, 20);
    assert.deepEqual(process.getActiveResourcesInfo(), before);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });
});
