import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { AdminClient } from '../../src/cli/admin-client.ts';

describe('a client of the admin socket', () => {
  test('gives up a daemon that takes the connection and says nothing, and one that stops in the middle', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rst-client-'));
    for (const begun of ['', 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"calls":']) {
      const path = join(folder, `${begun.length}.sock`);
      const sockets: Socket[] = [];
      const stuck = createServer((socket) => {
        sockets.push(socket.on('error', () => {}));
        socket.write(begun);
      });
      await once(stuck.listen(path), 'listening');
      const client = new AdminClient({ path, hint: () => 'Hint.', quickMs: 200 });
      await assert.rejects(client.calls(), {
        code: 'RST_NOT_REACHABLE',
        message: `No rst-server can be reached at ${path}: no answer came within 0.2 s. Hint.`,
      });
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => stuck.close(resolve));
    }
    await rm(folder, { recursive: true });
  });
});
