import assert from 'node:assert/strict';
import { devNull } from 'node:os';
import { test } from 'node:test';
import { changesForNextStart, type Flag, loadConfig, takeUp } from '../../src/config/index.ts';

function config(flags: Partial<Record<Flag['key'], string>>, lists = {}) {
  const all = Object.entries(flags).map(([key, text]) => ({ flag: key, key, text }) as Flag);
  return loadConfig({ file: devNull, env: {}, flags: all, lists }).config;
}

test('boxes, rules, triggers, the log level and what boxes add to server.allow are taken up at once', () => {
  const before = config({});
  const after = config(
    { 'log.level': 'debug', 'trigger.confirm_timeout': '5s', 'esl.enabled': 'false' },
    { freeswitch: [{ host: '192.0.2.7' }], rules: [{ caller: '1*', action: 'skip' }] },
  );
  assert.deepEqual(changesForNextStart(before, after), []);
});

test('whatever else has changed waits for the next start, and is named', () => {
  const before = config({});
  const after = config({
    'records.dir': '/srv/records',
    'server.allow': '10.0.0.0/8',
    'log.mask_numbers': 'true',
  });
  assert.deepEqual(changesForNextStart(before, after), [
    '[log] has changed; that takes effect with the next start',
    '[server] has changed; that takes effect with the next start',
    '[records] has changed; that takes effect with the next start',
  ]);
});

test('what waits for the next start is named at every reload until then, and not taken for what runs', () => {
  const before = config({});
  const after = config(
    { 'log.level': 'debug', 'log.mask_numbers': 'true', 'media.port_rest': '5s' },
    { rules: [{ caller: '1*', action: 'skip' }] },
  );
  const running = takeUp(before, after);
  assert.deepEqual(changesForNextStart(running, after), changesForNextStart(before, after));
  assert.deepEqual(changesForNextStart(running, before), []);
  assert.deepEqual([running.media, running.log], [before.media, { ...before.log, level: 'debug' }]);
  assert.equal(running.rules, after.rules);
});
