import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'smol-toml';
import { CONFIG_DEFAULTS, environmentName, loadConfig } from '../../src/config/index.ts';
import { boxVariable, KEYS, LIST_KEYS } from '../../src/config/keys.ts';

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

// Lists of tables have no default that a file could hold, so they stand in it as comments.
const example = text
  .slice(text.indexOf('# [[freeswitch]]'))
  .replace(/^# (?=\[\[\w+\]\]$|[a-z_]+ = )/gm, '');

test('its examples of lists hold every key of their tables, in order and at its default', () => {
  const tables = parse(example) as Record<string, Record<string, unknown>[]>;
  assert.deepEqual(Object.keys(tables), Object.keys(LIST_KEYS));
  for (const [list, keys] of Object.entries(LIST_KEYS)) {
    const [table = {}] = tables[list] ?? [];
    assert.deepEqual(Object.keys(table), [...keys.keys()], list);
    for (const [key, { fallback }] of keys)
      if (fallback !== undefined) assert.deepEqual(table[key], fallback, `${list}.${key}`);
  }
});

test('its examples of lists can be taken out of their comments, but for the second password', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rst-default-file-'));
  try {
    const file = join(folder, 'example.toml');
    writeFileSync(file, example.replace(/^password_file = .*$/m, ''));
    const { config, warnings } = loadConfig({ file, env: {} });
    assert.deepEqual(warnings, []);
    assert.equal(config.freeswitch[0]?.advertise?.port, 9527);
    assert.deepEqual(config.rules[0]?.patterns.caller, ['49*', '!4930*']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('every key of conf/rst-server.toml is documented right above it', () => {
  // Two ends of a range may share their explanation.
  for (const lines of [complete, example].map((whole) => whole.split('\n')))
    for (const [index, line] of lines.entries())
      if (/^[a-z]/.test(line) && !line.startsWith('reconnect_max'))
        assert.match(lines[index - 1] as string, /^# ./, line);
});

test('conf/rst-server.toml as it is loads without a warning, and as no file would', () => {
  const loaded = loadConfig({ file: path, env: {} });
  assert.deepEqual(loaded.warnings, []);
  for (const [key, { value, origin }] of loaded.settings) {
    if (key !== 'records.dir')
      assert.deepEqual(
        value,
        new Map<string, unknown>(Object.entries(CONFIG_DEFAULTS)).get(key),
        key,
      );
    assert.equal(origin.kind, key === 'daemon.node' ? 'default' : 'file', key);
  }
});

test('no two keys share a variable of the environment, and every key says what it takes', () => {
  const variables = [
    ...[...KEYS.keys()].map(environmentName),
    ...[...LIST_KEYS.freeswitch.keys()].map(boxVariable),
  ];
  assert.equal(new Set(variables).size, variables.length);
  for (const [key, { takes, fallback, safeParse }] of KEYS) {
    assert.ok(takes.length > 5, key);
    assert.ok(safeParse(fallback).success, key);
  }
  for (const keys of Object.values(LIST_KEYS))
    for (const [key, { takes }] of keys) assert.ok(takes.length > 5, key);
});
