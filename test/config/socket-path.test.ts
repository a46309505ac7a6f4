import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { loadConfig, socketPath } from '../../src/config/index.ts';
import { errorText } from '../../src/errors.ts';

const load = (socket: string, env = {}) =>
  loadConfig({ file: '/dev/null', env: { RST_DAEMON_SOCKET: socket, ...env }, cwd: '/srv' }).config;

test('auto is one place for root, else the folder of the session or of temporary files', () => {
  const config = load('auto', { RST_SERVER_PORT: '1234' });
  const env = { XDG_RUNTIME_DIR: '/run/user/1000' };
  const place = (isRoot: boolean, env = {}) => socketPath(config, undefined, { isRoot, env });
  assert.equal(place(true, env), '/run/rst-server-1234.sock');
  assert.equal(place(false, env), '/run/user/1000/rst-server-1234.sock');
  assert.equal(place(false), join(tmpdir(), 'rst-server-1234.sock'));
});

test('auto is in the folder that systemd has made for a service, whoever that runs as', () => {
  const config = load('auto', { RST_SERVER_PORT: '1234' });
  const env = { XDG_RUNTIME_DIR: '/run/user/1', RUNTIME_DIRECTORY: '/run/rst-server:/run/more' };
  for (const isRoot of [true, false])
    assert.equal(
      socketPath(config, undefined, { isRoot, env }),
      '/run/rst-server/rst-server-1234.sock',
    );
});

test('a control port that was any free one gives its number once it is bound', () => {
  const config = load('auto', { RST_SERVER_PORT: '0' });
  assert.equal(socketPath(config, 40000, { isRoot: true }), '/run/rst-server-40000.sock');
});

test('a path is the path, off is none', () => {
  assert.equal(socketPath(load('./a.sock')), resolve('/srv/a.sock'));
  assert.equal(socketPath(load('off')), null);
});

test('a path that no Unix socket can have is refused', () => {
  assert.equal(socketPath(load(`/${'é'.repeat(53)}`))?.length, 54);
  assert.throws(
    () => load(`/${'é'.repeat(53)}x`),
    (error) =>
      /^environment RST_DAEMON_SOCKET: \S+ is 108 bytes long, must be at most 107/.test(
        errorText(error),
      ),
  );
});
