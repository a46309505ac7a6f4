import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Comparison } from '../../bench/load/compare.ts';
import type { RunFigures } from '../../bench/load/run.ts';
import { RECEIVER_NAMES } from '../support/receivers.ts';

const SCRIPT = join(import.meta.dirname, '../../bench/daemon.ts');
const CALLS = 2;

test('the benchmark drives the server and a bare program, and finds all that it sent', {
  skip: RECEIVER_NAMES.includes('batched') ? false : 'it needs what the batched receiver needs',
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rst-bench-test-'));
  try {
    const json = join(folder, 'results.json');
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[SCRIPT, '--subjects', 'batched,bare', '--calls', String(CALLS), '--rounds', '1'],
      ...['--seconds', '1', '--warm-up', '0', '--probe-seconds', '1', '--json', json],
    ]);
    assert.match(stdout, /^2 calls, \d+ packets\/s, rounds: 1$/m);
    const { results } = JSON.parse(await readFile(json, 'utf8')) as { results: Comparison[] };
    const [comparison] = results;
    assert.equal(comparison?.failure, null);
    for (const name of ['batched', 'bare'] as const) {
      assert.match(stdout, new RegExp(`^${name} +\\d`, 'm'));
      const [run] = (comparison?.runs[name] ?? []) as RunFigures[];
      assert.ok(run && run.check.sent > 0);
      const { found, lost, cut, misordered, repeated, wrongSamples, missingCalls } = run.check;
      assert.deepEqual(
        { found, lost, cut, misordered, repeated, wrongSamples, missingCalls },
        {
          ...{ found: run.check.sent, lost: 0, cut: 0, misordered: 0 },
          ...{ repeated: 0, wrongSamples: 0, missingCalls: 0 },
        },
      );
      assert.equal(run.acks?.answered, run.acks?.sent);
      assert.equal(run.loops[0]?.thread, 'main');
      assert.ok(run.cpuUs > 0 && run.peakBytes > 0);
    }
    assert.equal(comparison?.ratios.length, 2);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
