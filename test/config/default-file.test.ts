import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'smol-toml';
import { CONFIG_DEFAULTS, environmentName, loadConfig } from '../../src/config/index.ts';
import { KEYS } from '../../src/config/keys.ts';

const path = join(import.meta.dirname, '../../conf/rst-server.toml');
const text = readFileSync(path, 'utf8');
// The default of daemon.node is the host name, so the file can only show it as a comment.
const complete = text.replace(
  '# node = "recorder-1"',
  `node = ${JSON.stringify(CONFIG_DEFAULTS['daemon.node'])}`,
);

test('conf/rst-server.toml holds exactly the keys of the schema, each at its default', () => {
  const found = Object.entries(parse(complete)).flatMap(([section, table]) =>
    Object.entries(table as object).map(([key, value]) => [`${section}.${key}`, value] as const),
  );
  assert.notEqual(complete, text);
  assert.deepEqual(Object.fromEntries(found), { ...CONFIG_DEFAULTS });
  assert.deepEqual(
    found.map(([key]) => key),
    [...KEYS.keys()],
    'in the order of the schema',
  );
});

test('every key of conf/rst-server.toml is documented right above it', () => {
  const lines = complete.split('\n');
  for (const [index, line] of lines.entries())
    if (/^[a-z]/.test(line)) assert.match(lines[index - 1] as string, /^# ./, line);
});

test('conf/rst-server.toml as it is loads without a warning, and as no file would', () => {
  const loaded = loadConfig({ file: path, env: {} });
  assert.deepEqual(loaded.warnings, []);
  for (const [key, { value, origin }] of loaded.settings) {
    if (key !== 'records.dir') assert.deepEqual(value, CONFIG_DEFAULTS[key], key);
    assert.equal(origin.kind, key === 'daemon.node' ? 'default' : 'file', key);
  }
});

test('no two keys share a variable of the environment, and every key says what it takes', () => {
  const variables = [...KEYS.keys()].map(environmentName);
  assert.equal(new Set(variables).size, variables.length);
  for (const [key, { takes, fallback, safeParse }] of KEYS) {
    assert.ok(takes.length > 5, key);
    assert.ok(safeParse(fallback).success, key);
  }
});
