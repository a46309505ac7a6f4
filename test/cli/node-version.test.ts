import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { unsupportedNode } from '../../src/cli/node-version.ts';

const command = join(import.meta.dirname, '../../bin/rst-server.ts');

test('versions from 24.12 on are taken, older ones are not', () => {
  for (const version of ['24.12.0', '24.13.1', '25.0.0', '26.10.0', '100.0.0', '25.0.0-nightly1'])
    assert.equal(unsupportedNode(version), undefined, version);
  for (const version of ['24.11.9', '24.2.0', '22.99.0', '18.20.4', '9.0.0'])
    assert.match(
      unsupportedNode(version) as string,
      new RegExp(
        `^needs Node 24\\.12 or newer, but this is Node ${version.replaceAll('.', '\\.')};`,
      ),
    );
});

test('what is needed is what package.json says', () => {
  const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(packageJson.engines.node) ?? [];
  assert.equal(unsupportedNode(`${major}.${minor}.0`), undefined);
  assert.notEqual(unsupportedNode(`${major}.${Number(minor) - 1}.0`), undefined);
});

test('under a Node that is too old the command says so in one sentence and ends with 2', () => {
  const pretend = "Object.defineProperty(process.versions, 'node', { value: '20.11.1' })";
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, command, 'start'],
    { encoding: 'utf8' },
  );
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.equal(
    stderr,
    'rst-server: needs Node 24.12 or newer, but this is Node 20.11.1; install a newer one from https://nodejs.org/.\n',
  );
});
