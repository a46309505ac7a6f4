import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { RstError } from '../../src/errors.ts';
import { boxStatus } from '../http/stub-backend.ts';
import { AdminServer, ended, spawnCommand } from './admin-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'rst-admin-commands-'));
after(() => rmSync(folder, { recursive: true }));

describe('the commands that ask a running daemon', () => {
  test('tap, stop and reload say what was done', async () => {
    await using server = await AdminServer.start();
    const saidOf = async (...args: string[]) => {
      const { code, stdout, stderr } = await server.run(...args);
      assert.deepEqual([code, stderr], [0, ''], args.join(' '));
      return stdout;
    };
    assert.equal(await saidOf('tap', 'a/b?c'), 'a/b?c is tapped on the box that has it.\n');
    assert.equal(await saidOf('tap', 'a', '--box', '东京'), 'a is tapped on 东京.\n');
    assert.equal(await saidOf('stop', 'a'), 'The recording of a has ended.\n');
    assert.equal(await saidOf('reload'), 'rules: 2 instead of 1\n');
    assert.deepEqual(JSON.parse(await saidOf('reload', '--json')), {
      changes: ['rules: 2 instead of 1'],
    });
    assert.deepEqual(JSON.parse(await saidOf('stop', 'a', '--json')), {
      message: 'The recording of a has ended.',
    });
  });

  test('reload says so where nothing has changed', async () => {
    await using server = await AdminServer.start({ reload: async () => [] });
    assert.equal((await server.run('reload')).stdout, 'Nothing has changed.\n');
  });

  test('boxes shows how each stands, its errors as text and nothing else', async () => {
    await using server = await AdminServer.start({
      boxes: () => [
        boxStatus(),
        boxStatus({ name: '东京', host: '2001:db8::1', lastError: '-ERR \x1b[2J50%\r\n busy' }),
      ],
    });
    const { code, stdout } = await server.run('boxes');
    assert.equal(code, 0);
    assert.match(stdout, /│ fs1 {2}│ 192\.0\.2\.1:8021 {5}│ ready │ 2026-03-\d\d \d\d:00:00 │ 2 /);
    assert.match(stdout, /│ 东京 │ \[2001:db8::1\]:8021 │ .* │ -ERR 50% busy │\n/);
    const json = await server.run('boxes', '--json');
    assert.deepEqual(JSON.parse(json.stdout).boxes[0], boxStatus());
  });

  test('boxes without any says where they come from', async () => {
    await using server = await AdminServer.start({ boxes: () => [] });
    assert.match((await server.run('boxes')).stdout, /^No boxes\. .*\[\[freeswitch\]\]/);
  });

  test('an error of the daemon is said with the exit code it has', async () => {
    for (const [code, exitCode] of [
      ['RST_NOT_FOUND', 1],
      ['RST_CONFIG', 2],
      ['RST_NOT_REACHABLE', 3],
    ] as const) {
      await using server = await AdminServer.start({
        reload: async () => {
          throw new RstError(code, 'first \x1b[31mline\nsecond line');
        },
      });
      assert.deepEqual(await server.run('reload'), {
        code: exitCode,
        stdout: '',
        stderr: 'rst-server: first line\nrst-server: second line\n',
      });
    }
  });

  test('what the daemon did not expect ends with 1', async () => {
    await using server = await AdminServer.start({ stop: () => Promise.reject(new Error('x')) });
    assert.deepEqual(await server.run('stop', 'a'), {
      code: 1,
      stdout: '',
      stderr: 'rst-server: The server failed at this; its log says why.\n',
    });
  });

  test('a UUID that no call can have, and one that is missing, end with 2', async () => {
    await using server = await AdminServer.start({ stop: () => assert.fail('it was asked') });
    for (const args of [['a\r\nauth x'], [''], ['x'.repeat(5000)], []]) {
      const { code, stderr } = await server.run('stop', ...args);
      assert.equal(code, 2, JSON.stringify(args));
      assert.match(stderr, /^rst-server: [^\n]{10,200}\n$/);
    }
  });

  test('where no daemon is they end with 3, and say which socket and how to name another', async () => {
    const config = join(folder, 'rst-server.toml');
    const path = join(folder, 'no.sock');
    writeFileSync(config, `[daemon]\nsocket = "${path}"\n`);
    const env = { TMPDIR: folder };
    for (const command of [['calls'], ['calls', '--watch'], ['boxes'], ['reload'], ['tap', 'a']]) {
      const { code, stdout, stderr } = await ended(
        spawnCommand([...command, '--config', config], env),
      );
      assert.deepEqual([code, stdout], [3, '']);
      const start = `rst-server: No rst-server can be reached at ${path}: there is no such socket. `;
      assert.ok(stderr.startsWith(start), stderr);
      assert.match(stderr, /The path comes from \S+rst-server\.toml; --config .* --socket /);
    }
  });

  test('a path that can be no socket is said to be that', async () => {
    const { code, stderr } = await ended(
      spawnCommand(['calls', '--socket', join(folder, 'x'.repeat(200))]),
    );
    assert.equal(code, 3);
    assert.match(stderr, /x: that path is too long for a socket\. Is the server running\?/);
    const empty = await ended(spawnCommand(['calls', '--socket', '']));
    assert.equal(empty.code, 2);
    assert.match(empty.stderr, /^rst-server: --socket takes the path /);
  });

  test('other sockets on the machine are named', async () => {
    const other = join(folder, 'rst-server-9999.sock');
    writeFileSync(other, '');
    const { code, stderr } = await ended(
      spawnCommand(['boxes', '--socket', join(folder, 'no.sock')], { TMPDIR: folder }),
    );
    assert.equal(code, 3);
    assert.match(stderr, /there is no such socket\. Is the server running\? Others are /);
    assert.ok(stderr.includes(other));
  });

  test('a daemon that takes no commands is named as that', async () => {
    const config = join(folder, 'off.toml');
    writeFileSync(config, '[daemon]\nsocket = "off"\n');
    const { code, stderr } = await ended(spawnCommand(['calls', '--config', config]));
    assert.equal(code, 3);
    assert.match(stderr, /^rst-server: daemon\.socket is "off" in \S+off\.toml, so /);
  });

  test('what is no rst-server is taken for none', async () => {
    for (const answer of ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi', 'SSH-2.0-x\r\n', '']) {
      const path = join(folder, 'strange.sock');
      const strange = createServer((socket) =>
        socket
          .on('error', () => {})
          .resume()
          .end(answer),
      );
      await once(strange.listen(path), 'listening');
      const { code, stderr } = await ended(spawnCommand(['calls', '--socket', path]));
      await new Promise((resolve) => strange.close(resolve));
      assert.equal(code, 3);
      assert.match(stderr, /^rst-server: No rst-server can be reached at \S+: [^\n]+\n$/);
    }
  });
});
