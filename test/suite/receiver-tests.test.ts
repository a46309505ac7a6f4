import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceiverTests } from './receiver-tests.ts';

const tests = new ReceiverTests();
const names = tests.names();

test('whatever starts a daemon, or its parts in its own process, runs over both receivers', () => {
  for (const name of [
    'test/daemon.test.ts',
    'test/cli/start.test.ts',
    'test/e2e/dead-worker.test.ts',
    'test/e2e/life.test.ts',
    'test/e2e/load.test.ts',
    'test/fuzz/fuzz.test.ts',
  ])
    assert.ok(names.includes(name), name);
});

test('what receives nothing, or chooses its receivers itself, does not run twice', () => {
  for (const name of [
    'test/protocol/parse-control.test.ts',
    'test/audio/timeline.test.ts',
    'test/esl/link.test.ts',
    'test/capture/worker-pool.test.ts',
    'test/e2e/codecs.test.ts',
    'test/e2e/replay.test.ts',
  ])
    assert.ok(!names.includes(name), name);
});

test('every receiver that a test opens in its own process is the one that is wanted', () => {
  assert.deepEqual(tests.heedless(), []);
});
