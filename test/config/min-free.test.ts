import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/index.ts';
import { parseMinFree } from '../../src/config/min-free.ts';

test('what stays free is a size, a share of the disk, or both of which the smaller counts', () => {
  assert.deepEqual(parseMinFree('1GB or 2%'), { bytes: 1e9, percent: 2 });
  assert.deepEqual(parseMinFree('0.5% OR 64KiB'), { bytes: 65_536, percent: 0.5 });
  assert.deepEqual(parseMinFree('250MB'), { bytes: 250e6, percent: 100 });
  assert.deepEqual(parseMinFree('5 %'), { bytes: Infinity, percent: 5 });
  assert.deepEqual(parseMinFree(0), { bytes: 0, percent: 100 });
});

test('what is neither is refused with what it may look like', () => {
  for (const wrong of ['', '1GB or 2GB', '2% or 3%', '1GB, 2%', 'much', '101%', '1GB or 2% or 3'])
    assert.throws(() => parseMinFree(wrong), { code: 'RST_CONFIG', message: /is not a/ }, wrong);
});

test('the folder for when the disk is full is absolute, none by default, and not the recordings folder', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'rst-min-free-'));
  const load = (env: Record<string, string>) => loadConfig({ cwd, env }).config.records;
  try {
    assert.equal(load({}).fallbackDir, null);
    assert.equal(load({ RST_RECORDS_FALLBACK_DIR: 'spare' }).fallbackDir, join(cwd, 'spare'));
    assert.throws(() => load({ RST_RECORDS_FALLBACK_DIR: './records' }), {
      code: 'RST_CONFIG',
      message: /RST_RECORDS_FALLBACK_DIR: .*is records\.dir itself/,
    });
  } finally {
    rmSync(cwd, { recursive: true });
  }
});
