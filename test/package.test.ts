import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import packageJson from '../package.json' with { type: 'json' };
import type { Manifest } from '../src/archive/index.ts';
import type { SendSummary } from '../src/send/index.ts';

const ROOT = join(import.meta.dirname, '..');
/** No source of the package: what is installed, built, recorded. */
const NO_SOURCE = new Set(['node_modules', '.git', 'dist', 'records', 'coverage']);

/** As a shell has it that no npm script started: npm tells its children about the project it runs for. */
const ENV = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(package|lifecycle)_|^npm_config_(local_)?prefix$|^INIT_CWD$|^RST_/.test(name),
  ),
);
/** The same where `#!/usr/bin/env node` finds the Node that runs this test. */
const ENV_WITH_NODE = { ...ENV, PATH: dirname(process.execPath) + delimiter + ENV.PATH };

let folder = '';
/** Where the package is installed. */
let project = '';
let tarball = '';
let command = '';

interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
}

function run(program: string, args: string[], options: RunOptions = {}): SpawnSyncReturns<string> {
  const { cwd = project, env = ENV_WITH_NODE } = options;
  return spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 120_000 });
}

/** What the program prints, once it has ended with 0. */
function succeed(program: string, args: string[], options: RunOptions = {}): string {
  const { status, stdout, stderr, error } = run(program, args, options);
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${error ?? ''}\n${stdout}${stderr}`);
  return stdout;
}

before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), 'rst-package-'));
    project = join(folder, 'project');
    command = join(project, 'node_modules/.bin/rst-server');
    // In a copy: the build replaces dist/, which may be in use.
    const copy = join(folder, 'copy');
    await cp(ROOT, copy, {
      recursive: true,
      filter: (path) => !NO_SOURCE.has(relative(ROOT, path)),
    });
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    await mkdir(project);
    await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
    // With the machine's npm as it is found, on whatever Node that runs.
    succeed('npm', ['pack', '--pack-destination', folder], { cwd: copy, env: ENV });
    const name = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
    assert.ok(name, 'npm pack left no tarball');
    tarball = join(folder, name);
    succeed('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], {
      env: ENV,
    });
  },
  { timeout: 240_000 },
);

after(() => rm(folder, { recursive: true, force: true }));

describe('the package', { timeout: 120_000 }, () => {
  test('holds the build, the configuration, the documents and the source of the module, and nothing else', () => {
    const files = succeed('tar', ['-tzf', tarball])
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, ''));
    for (const wanted of [
      'package.json',
      'LICENSE',
      'CHANGELOG.md',
      'README.md',
      'README.zh-CN.md',
      'docs/freeswitch.md',
      'docs/manifest.md',
      'docs/protocol.md',
      'conf/rst-server.toml',
      'conf/freeswitch/dialplan-b-leg.xml',
      'conf/freeswitch/dialplan-choose.xml',
      'conf/freeswitch/dialplan-record.xml',
      'conf/freeswitch/dialplan-refuse.xml',
      'conf/freeswitch/directory-recorder.xml',
      'conf/freeswitch/event_socket.conf.xml',
      'conf/freeswitch/rst.conf.xml',
      'docs/mod_rst.md',
      'mod_rst/Makefile',
      'mod_rst/mod_rst.c',
      'mod_rst/rst.conf.xml',
      'mod_rst/tap.h',
      'dist/bin/rst-server.js',
      'dist/src/index.js',
      'dist/src/index.d.ts',
      'dist/src/capture/worker.js',
    ])
      assert.ok(files.includes(wanted), `${wanted} is missing`);
    const published =
      /^(package\.json|LICENSE|CHANGELOG\.md|README(\.zh-CN)?\.md|(conf|docs)\/.+|mod_rst\/(Makefile|rst\.conf\.xml|\w+\.[ch])|dist\/src\/.+\.(js|d\.ts)|dist\/bin\/rst-server\.(js|d\.ts))$/;
    assert.deepEqual(
      files.filter((path) => !published.test(path)),
      [],
    );
  });

  test('installs a command that says its version', () => {
    assert.equal(succeed(command, ['--version']), `${packageJson.version}\n`);
  });

  test('installs a configuration file that says what the defaults are', () => {
    const installed = join(project, 'node_modules/rst-server/conf/rst-server.toml');
    const settingsOf = (...args: string[]) => {
      const { settings } = JSON.parse(succeed(command, ['check-config', '--json', ...args]));
      return Object.entries(settings).map(([key, setting]) => [
        key,
        (setting as { value: unknown }).value,
      ]);
    };
    assert.deepEqual(settingsOf('--config', installed), settingsOf());
  });

  test('records a call that its own send plays, and ends with 0 on SIGTERM', async () => {
    const records = join(project, 'records');
    const daemon = spawn(
      command,
      [
        ...['start', '--json', '--host', '127.0.0.1', '--port', '0'],
        ...['--media-ports', '13000-13199', '--records', records],
      ],
      { cwd: project, env: ENV_WITH_NODE, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 },
    );
    const exited = once(daemon, 'exit');
    let stderr = '';
    daemon.stderr.on('data', (bytes) => {
      stderr += bytes;
    });
    try {
      const listening = Promise.withResolvers<string>();
      createInterface({ input: daemon.stdout })
        .on('line', (line) => {
          const { msg, control } = JSON.parse(line);
          if (msg === 'listening') listening.resolve(control);
        })
        .on('close', () => listening.reject(new Error(`ended before it listened: ${stderr}`)));
      const to = await listening.promise;
      const args = ['send', '--to', to, '--duration', '500ms', '--uuid', 'packaged', '--json'];
      const sent: SendSummary = JSON.parse(succeed(command, args));
      assert.deepEqual([sent.totals.completed, sent.totals.packets], [1, 50]);
    } finally {
      daemon.kill('SIGTERM');
    }
    const [code, signal] = await exited;
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
    const files = (await readdir(records, { recursive: true })).sort();
    assert.deepEqual(
      files.filter((path) => path.includes('packaged')).map((path) => basename(path)),
      ['packaged-R.wav', 'packaged-W.wav', 'packaged.json'],
    );
    const path = join(records, files.find((file) => file.endsWith('.json')) as string);
    const { endReason, tracks }: Manifest = JSON.parse(await readFile(path, 'utf8'));
    assert.deepEqual([endReason, tracks.R.packets, tracks.W.packets], ['bye', 25, 25]);
  });

  test('is refused by a Node that is too old in one sentence, with 2', () => {
    const pretend = "Object.defineProperty(process.versions, 'node', { value: '20.11.1' })";
    const installed = join(project, 'node_modules/rst-server/dist/bin/rst-server.js');
    const { status, stdout, stderr } = run(process.execPath, [
      '--import',
      `data:text/javascript,${encodeURIComponent(pretend)}`,
      installed,
      'start',
    ]);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(
      stderr,
      /^rst-server: needs Node 24\.12 or newer, but this is Node 20\.11\.1; .*\n$/,
    );
  });

  test('is a library for plain JavaScript, silent and with nothing left open after close', async () => {
    await writeFile(
      join(project, 'embed.js'),
      `import { createServer, parseControl, RstError, sendCalls } from 'rst-server';
const server = createServer({
  config: {
    server: { host: '127.0.0.1', port: 0 },
    media: { ports: '13200-13399' },
    records: { dir: './embedded' },
  },
});
await server.start();
const { port } = server.controlAddress;
const { totals } = await sendCalls({ host: '127.0.0.1', port, durationMs: 200, speed: 2 });
await server.close();
await server.close();
let code;
try {
  createServer({ config: { server: { prot: 9527 } } });
} catch (error) {
  if (error instanceof RstError) code = error.code;
}
const { kind } = parseControl(Buffer.from('BYE :1'));
console.log(JSON.stringify({ completed: totals.completed, code, kind }));
`,
    );
    // Variables of the environment are not read unless asked for.
    const env = { ...ENV_WITH_NODE, RST_SERVER_HOST: '192.0.2.1', RST_RECORDS_DIR: '/dev/null' };
    const { status, stdout, stderr } = run(process.execPath, ['embed.js'], { env });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.deepEqual(JSON.parse(stdout), { completed: 1, code: 'RST_CONFIG', kind: 'bye' });
    const files = await readdir(join(project, 'embedded'), { recursive: true });
    assert.equal(files.filter((path) => path.endsWith('.wav')).length, 2);
  });

  test('carries types that a strict compiler takes', async () => {
    await writeFile(
      join(project, 'embed.ts'),
      `import { type CdrLine, createServer, type Manifest, type Server } from 'rst-server';
export const server: Server = createServer({ config: { records: { formats: ['wav', 'pcm'] } } });
export const lost = (of: Manifest | CdrLine): number | null => ('tracks' in of ? of.tracks.R.lostPackets : of.lostPackets.R);
// @ts-expect-error: a port is a number.
createServer({ config: { server: { port: '9527' } } });
`,
    );
    const options = '--noEmit --strict --module nodenext --target es2024';
    succeed(join(ROOT, 'node_modules/.bin/tsc'), [
      ...options.split(' '),
      ...['--lib', 'es2024,esnext.disposable', '--types', 'node'],
      ...['--typeRoots', join(ROOT, 'node_modules/@types'), 'embed.ts'],
    ]);
  });
});
