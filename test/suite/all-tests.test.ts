import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** The test files that a script runs. */
function filesOf(script: string): string[] {
  const patterns = [...scripts[script].matchAll(/"([^"]+)"/g)].map((found) => found[1]);
  return globSync(patterns, { cwd: ROOT });
}

test('npm test runs every test file once: some two at a time, those that take ports or time one by one', () => {
  const run = [...filesOf('test:beside'), ...filesOf('test:alone')].sort();
  assert.deepEqual(run, globSync('test/**/*.test.ts', { cwd: ROOT }).sort());
  assert.match(scripts.test, /^npm run test:beside && npm run test:alone$/);
});
