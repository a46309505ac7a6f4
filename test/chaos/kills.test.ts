import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runKills } from './run-kills.ts';
import { setting } from './setting.ts';

const ROUNDS = setting('rounds', 3);
const CALLS = setting('calls', 12);
const SEED = setting('seed', Date.now() % 0x1_0000_0000);

test(`${ROUNDS} times kill -9 under ${CALLS} calls, and nothing is lost but what is allowed`, async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const report = await runKills({
    ...{ rounds: ROUNDS, calls: CALLS, seed: SEED, mediaPorts: '20000-20399' },
    onKill: (kill) => {
      if (kill % 10 === 0) t.diagnostic(`${kill} of ${ROUNDS}`);
    },
  });
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.segments > CALLS, JSON.stringify(report));
  assert.ok(report.missing < report.sent, JSON.stringify(report));
});
