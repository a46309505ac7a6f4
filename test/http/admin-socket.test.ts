import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { AdminSocket, type Backend } from '../../src/http/index.ts';
import { createLog } from '../../src/log.ts';
import { stubBackend } from './stub-backend.ts';

const folder = mkdtempSync(join(tmpdir(), 'rst-admin-'));
after(() => rmSync(folder, { recursive: true }));

let paths = 0;
/** A path where nothing is yet. */
const freshPath = () => join(folder, `${++paths}.sock`);

function adminSocket(parts: Partial<Backend> = {}): AdminSocket {
  const log = createLog({ level: 'info', maskNumbers: false, stream: { write: () => {} } });
  return new AdminSocket({ backend: stubBackend(parts), log });
}

async function get(socketPath: string, path: string): Promise<{ status: number; body: string }> {
  const sent = request({ socketPath, path, agent: false }).end();
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, body: await text(response) };
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

/** A socket whose process was killed, so that nobody has removed it. */
async function leaveBehind(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.stdout.write('x'))`;
  const child = spawn(process.execPath, ['--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(existsSync(path));
}

describe('the admin socket', () => {
  test('answers whoever may open it, which is its own user, and is gone once it is closed', async () => {
    const path = freshPath();
    const admin = adminSocket();
    const umask = process.umask();
    await admin.start(path);
    assert.equal(admin.path, path);
    assert.equal(process.umask(), umask);
    assert.equal(modeOf(path), 0o600);
    assert.equal((await get(path, '/api/v1/status')).status, 200);
    const closed = admin.close();
    assert.equal(admin.close(), closed);
    await closed;
    assert.equal(admin.path, null);
    assert.ok(!existsSync(path));
  });

  test('makes the folder it is to be in, for its user alone', async () => {
    await using admin = adminSocket();
    const path = join(folder, 'new', 'a.sock');
    await admin.start(path);
    assert.equal(modeOf(join(folder, 'new')), 0o700);
    assert.equal((await get(path, '/api/v1/calls')).status, 200);
  });

  test('is off where there is no path', async () => {
    await using admin = adminSocket();
    await admin.start(null);
    assert.equal(admin.path, null);
  });

  test('takes the place of one whose daemon is dead', async () => {
    await using admin = adminSocket();
    const path = freshPath();
    await leaveBehind(path);
    await admin.start(path);
    assert.equal((await get(path, '/api/v1/calls')).status, 200);
  });

  test('leaves that of a living daemon alone, even of one that answers nobody', async () => {
    const path = freshPath();
    const other = createServer().listen(path);
    await once(other, 'listening');
    await assert.rejects(adminSocket().start(path), {
      code: 'RST_SOCKET_IN_USE',
      message: new RegExp(`^daemon\\.socket ${path} is another daemon's`),
    });
    const client = connect(path);
    await once(client, 'connect');
    client.destroy();
    await new Promise((resolve) => other.close(resolve));
  });

  test('removes nothing that is no socket', async () => {
    const file = freshPath();
    writeFileSync(file, 'mine');
    const link = freshPath();
    symlinkSync(join(folder, 'nowhere'), link);
    for (const path of [file, link])
      await assert.rejects(adminSocket().start(path), {
        code: 'RST_NOT_WRITABLE',
        message: /is there and is no socket/,
      });
    assert.ok(existsSync(file));
  });

  test('says in one sentence where it can not be', async () => {
    const file = freshPath();
    writeFileSync(file, '');
    for (const path of [
      join(file, 'a.sock'),
      '/proc/rst/a.sock',
      '/proc/a.sock',
      join(folder, 'no/such/a.sock'),
    ])
      await assert.rejects(adminSocket().start(path), (error: Error & { code: string }) => {
        assert.equal(error.code, 'RST_NOT_WRITABLE');
        assert.match(error.message, /^daemon\.socket \S+ can't be made \(E[A-Z]+\); [^\n]+$/);
        return true;
      });
  });

  test('does not start once its start is aborted or it is closed', async () => {
    const path = freshPath();
    await assert.rejects(adminSocket().start(path, AbortSignal.abort()), { name: 'AbortError' });
    const admin = adminSocket();
    const started = admin.start(path);
    await Promise.all([started, admin.close()]);
    assert.equal(admin.path, null);
    assert.ok(!existsSync(path));
  });

  test('closes although clients hold their connections open', async () => {
    const path = freshPath();
    const asked = Promise.withResolvers<void>();
    const admin = adminSocket({
      stop: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    await admin.start(path);
    const idle = connect(path);
    await once(idle, 'connect');
    const kept = connect(path);
    kept.write('GET /api/v1/calls HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(kept, 'data');
    const waiting = connect(path);
    waiting.write('POST /api/v1/calls/a/stop HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
    await asked.promise;
    const ends = [idle, kept, waiting].map((socket) => {
      socket.on('error', () => {}).resume();
      return once(socket, 'close');
    });
    await admin.close();
    await Promise.all(ends);
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });

  test('answers what was asked before it closes', async () => {
    const path = freshPath();
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<string[]>();
    const admin = adminSocket({
      reload: () => {
        asked.resolve();
        return answer.promise;
      },
    });
    await admin.start(path);
    const sent = request({
      socketPath: path,
      method: 'POST',
      path: '/api/v1/reload',
      agent: false,
    });
    sent.end();
    await asked.promise;
    const closed = admin.close();
    answer.resolve(['done']);
    const [response] = await once(sent, 'response');
    assert.equal(await text(response), '{"changes":["done"]}');
    await closed;
  });
});
