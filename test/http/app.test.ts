import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { RstError } from '../../src/errors.ts';
import { buildApp } from '../../src/http/app.ts';
import type { Backend } from '../../src/http/index.ts';
import { createLog } from '../../src/log.ts';
import { boxStatus, liveCall, stubBackend } from './stub-backend.ts';

const apps: { close(): Promise<void> }[] = [];
after(() => Promise.all(apps.map((app) => app.close())));

/** The API before a daemon with these methods, and what it logged. */
function appOf(parts: Partial<Backend> = {}) {
  const logged: { level: string; msg: string }[] = [];
  const stream = { write: (line: string) => logged.push(JSON.parse(line)) };
  const log = createLog({ level: 'info', maskNumbers: false, stream });
  const app = buildApp({ backend: stubBackend(parts), log });
  apps.push(app);
  return { app, logged };
}

const JSON_HEADERS = { 'content-type': 'application/json' };

describe('the API', () => {
  test('shows calls, boxes and how the daemon is', async () => {
    const { app } = appOf();
    const get = async (url: string) => (await app.inject({ url })).json();
    assert.deepEqual(await get('/api/v1/calls'), { calls: [liveCall()] });
    assert.deepEqual(await get('/api/v1/boxes'), { boxes: [boxStatus()] });
    assert.deepEqual(await get('/api/v1/status'), stubBackend().status());
  });

  test('taps and stops the call of the URL, whatever its UUID looks like', async () => {
    const asked: unknown[] = [];
    const { app } = appOf({
      tap: async (...args) => `${asked.push(args)} tapped`,
      stop: async (...args) => `${asked.push(args)} stopped`,
    });
    const post = async (url: string, payload?: object) =>
      (
        await app.inject({
          method: 'POST',
          url: `/api/v1/calls/${url}`,
          ...(payload && { payload }),
        })
      ).json();
    assert.deepEqual(await post('a/tap'), { message: '1 tapped' });
    assert.deepEqual(await post('b%2F..%2F%3F/tap', { box: 'fs1' }), { message: '2 tapped' });
    assert.deepEqual(await post(`${'%25'.repeat(128)}/stop`), { message: '3 stopped' });
    assert.deepEqual(asked, [['a', undefined], ['b/../?', 'fs1'], ['%'.repeat(128)]]);
  });

  test('reloads, and says what changed', async () => {
    const { app } = appOf();
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/api/v1/reload' });
    assert.deepEqual([statusCode, JSON.parse(body)], [200, { changes: ['rules: 2 instead of 1'] }]);
  });

  test('answers with the code, the status and the sentence of an error', async () => {
    for (const [code, status] of [
      ['RST_NOT_FOUND', 404],
      ['RST_CONFLICT', 409],
      ['RST_NOT_REACHABLE', 503],
      ['RST_ESL', 502],
      ['RST_CONFIG', 422],
    ] as const) {
      const { app, logged } = appOf({
        stop: async () => {
          throw new RstError(code, 'It is so.');
        },
      });
      const { statusCode, body } = await app.inject({
        method: 'POST',
        url: '/api/v1/calls/a/stop',
      });
      assert.equal(statusCode, status);
      assert.deepEqual(JSON.parse(body), { error: { code, message: 'It is so.' } });
      assert.ok(logged.every(({ level }) => level === 'info'));
    }
  });

  test('keeps what nobody expected to itself and its log', async () => {
    const { app, logged } = appOf({
      calls: () => Promise.reject(new Error('secret of the daemon')),
      boxes: () => {
        throw new TypeError('another secret');
      },
    });
    for (const url of ['/api/v1/calls', '/api/v1/boxes']) {
      const { statusCode, body } = await app.inject({ url });
      assert.equal(statusCode, 500);
      assert.deepEqual(JSON.parse(body), {
        error: { code: 'RST_INTERNAL', message: 'The server failed at this; its log says why.' },
      });
    }
    assert.deepEqual(
      logged.map(({ level }) => level),
      ['error', 'error'],
    );
    assert.match(JSON.stringify(logged), /secret of the daemon.*another secret/);
  });

  test('refuses in its own form what is no request of its', async () => {
    const refusedAsTap = async (uuid: string, payload: string, headers = JSON_HEADERS) => {
      const { app } = appOf({ tap: () => assert.fail('it was tapped') });
      const url = `/api/v1/calls/${uuid}/tap`;
      const { statusCode, body } = await app.inject({ method: 'POST', url, payload, headers });
      const { error } = JSON.parse(body);
      return `${statusCode} ${error.code} ${error.message}`;
    };
    assert.match(await refusedAsTap('a', '{"bx":"fs1"}'), /^400 RST_USAGE .*bx/);
    assert.match(await refusedAsTap('a', '{"box":7}'), /^400 RST_USAGE box: /);
    assert.match(await refusedAsTap('a', '[]'), /^400 RST_USAGE /);
    assert.match(await refusedAsTap('a', '{'), /^400 RST_USAGE /);
    assert.match(await refusedAsTap('a%0d%0aauth', '{}'), /^400 RST_USAGE uuid: /);
    assert.match(await refusedAsTap('a%20b', '{}'), /^400 RST_USAGE uuid: /);
    assert.match(await refusedAsTap('a'.repeat(129), '{}'), /^400 RST_USAGE uuid: /);
    assert.match(await refusedAsTap('a'.repeat(2000), '{}'), /^414 RST_USAGE A part [^/]{0,60}$/);
    assert.match(await refusedAsTap('a', '{"box":""}'), /^400 RST_USAGE box: has to be the name /);
    assert.match(await refusedAsTap('%zz', '{}'), /^400 RST_USAGE The path [^/]{0,60}$/);
    const large = JSON.stringify({ box: 'x'.repeat(70_000) });
    assert.match(await refusedAsTap('a', large), /^413 RST_USAGE /);
    const xml = { 'content-type': 'application/xml' };
    assert.match(await refusedAsTap('a', '<box/>', xml), /^415 RST_USAGE /);
  });

  test('says of what it does not have that it is not there', async () => {
    const { app } = appOf();
    for (const [method, url] of [
      ['GET', '/'],
      ['GET', '/api/v1/reload'],
      ['DELETE', '/api/v1/calls'],
      ['GET', '/api/v1/constructor'],
    ] as const) {
      const { statusCode, body } = await app.inject({ method, url });
      assert.equal(statusCode, 404);
      assert.deepEqual(JSON.parse(body), {
        error: { code: 'RST_NOT_FOUND', message: `There is no ${method} ${url}.` },
      });
    }
  });
});
