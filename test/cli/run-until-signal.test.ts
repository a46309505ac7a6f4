import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const source = (path: string) =>
  JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../src', path)).href);

/**
 * A process that runs a daemon with these methods until a signal, and prints what happens to it. Its
 * socket stands for whatever a daemon keeps open.
 */
function runDaemon(methods: string, shutdownTimeoutMs = 5_000): ChildProcess {
  const script = `
    import { createSocket } from 'node:dgram';
    import { once } from 'node:events';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { runUntilSignal } from ${source('cli/run-until-signal.ts')};
    import { createLog } from ${source('log.ts')};
    createSocket('udp4').bind(0, '127.0.0.1');
    const say = (line) => process.stdout.write(line + '\\n');
    let nowMs = 0;
    const daemon = { ${methods} };
    const log = createLog({ level: 'info', maskNumbers: false, json: true });
    try {
      process.exit(await runUntilSignal(daemon, log, ${shutdownTimeoutMs}, () => nowMs));
    } catch (error) {
      say('rejected ' + error.message);
      process.exit(7);
    }`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Sends the signals, each as soon as its line was printed; resolves with how the process ended. */
async function ending(child: ChildProcess, signals: [afterLine: string, NodeJS.Signals][]) {
  let printed = '';
  child.stdout!.on('data', (chunk) => {
    printed += chunk;
    while (signals[0] && printed.includes(signals[0][0])) child.kill(signals.shift()![1]);
  });
  const all = text(child.stdout!);
  const [code] = await once(child, 'exit');
  return { code, stdout: await all };
}

const starts = "async start() { say('started'); },";

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`${signal} closes the daemon once and ends with 0, whatever is still open`, async () => {
    const child = runDaemon(
      `${starts} async close(reason) { await sleep(50); say('closed ' + reason); }`,
    );
    const { code, stdout } = await ending(child, [['started', signal]]);
    assert.equal(code, 0);
    assert.equal(stdout.split('closed shutdown').length, 2);
    assert.match(stdout, new RegExp(`"signal":"${signal}","msg":"stopping"`));
  });

test('a second signal ends a daemon that is still closing at once with 1', async () => {
  const child = runDaemon(
    `${starts} async close() { nowMs = 2000; say('closing'); await sleep(60_000); }`,
  );
  const { code } = await ending(child, [
    ['started', 'SIGTERM'],
    ['closing', 'SIGINT'],
  ]);
  assert.equal(code, 1);
});

test('a signal that comes twice at once, as from a terminal and npm, is one', async () => {
  const child = runDaemon(
    `${starts} async close() { say('closing'); await once(process, 'SIGINT'); say('closed'); }`,
  );
  const { code, stdout } = await ending(child, [
    ['started', 'SIGINT'],
    ['closing', 'SIGINT'],
  ]);
  assert.equal(code, 0);
  assert.match(stdout, /closed/);
});

test('a daemon that does not close in time is given up with an error and 1', async () => {
  const child = runDaemon(`${starts} close() { return new Promise(() => {}); }`, 100);
  const { code, stdout } = await ending(child, [['started', 'SIGTERM']]);
  assert.equal(code, 1);
  assert.match(stdout, /"level":"error".*not closed within daemon\.shutdown_timeout/);
});

test('a daemon that fails to close ends with 1 and the reason in the log', async () => {
  const child = runDaemon(`${starts} async close() { throw new Error('disk full'); }`);
  const { code, stdout } = await ending(child, [['started', 'SIGTERM']]);
  assert.equal(code, 1);
  assert.match(stdout, /"level":"error".*closing failed: disk full/);
});

test('a signal during the start aborts it, closes what was opened and ends with 0', async () => {
  const child = runDaemon(`
    async start(signal) { say('starting'); await sleep(60_000, undefined, { signal }); },
    async close(reason) { say('closed ' + reason); }`);
  const { code, stdout } = await ending(child, [['starting', 'SIGTERM']]);
  assert.equal(code, 0);
  assert.match(stdout, /closed shutdown/);
});

test('a start that does not heed the signal is waited for, and given up with 1 when it is late', async () => {
  const slow = runDaemon(`
    async start() { say('starting'); await sleep(300); say('started'); },
    async close(reason) { say('closed ' + reason); }`);
  const { code, stdout } = await ending(slow, [['starting', 'SIGTERM']]);
  assert.equal(code, 0);
  assert.match(stdout, /started\n[\s\S]*closed shutdown/);
  const stuck = runDaemon(
    "async start() { say('starting'); await sleep(60_000); }, async close() {}",
    100,
  );
  assert.equal((await ending(stuck, [['starting', 'SIGTERM']])).code, 1);
});

test('a start that fails closes what was opened before its error is passed on', async () => {
  const child = runDaemon(`
    async start() { throw new Error('port in use'); },
    async close(reason) { await sleep(50); say('closed ' + reason); }`);
  const { code, stdout } = await ending(child, []);
  assert.equal(code, 7);
  assert.equal(stdout, 'closed failed\nrejected port in use\n');
});

test('SIGHUP reloads, one after the other', async () => {
  const child = runDaemon(`
    reloads: 0,
    ${starts}
    async reload() {
      const number = ++this.reloads;
      say('reload ' + number);
      await sleep(50);
      say('reloaded ' + number);
    },
    async close() {},`);
  const { code, stdout } = await ending(child, [
    ['started', 'SIGHUP'],
    ['reload 1', 'SIGHUP'],
    ['reloaded 2', 'SIGTERM'],
  ]);
  assert.equal(code, 0);
  const reloads = stdout.split('\n').filter((line) => line.startsWith('reload'));
  assert.deepEqual(reloads, ['reload 1', 'reloaded 1', 'reload 2', 'reloaded 2']);
});

test('a reload that is refused is said line by line, and the daemon goes on', async () => {
  const child = runDaemon(`
    ${starts}
    async reload() { throw new Error('a.toml:1: no\\na.toml:7: neither'); },
    async close() { say('closed'); },`);
  const { code, stdout } = await ending(child, [
    ['started', 'SIGHUP'],
    ['neither', 'SIGTERM'],
  ]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /"level":"error".*"msg":"not reloaded: a\.toml:1: no"}\n.*"msg":"not reloaded: a\.toml:7: neither"}\n/,
  );
  assert.match(stdout, /closed/);
});

test('SIGHUP during the start waits for its end, and while it closes means nothing', async () => {
  const child = runDaemon(`
    async start() { say('starting'); await sleep(300); say('started'); },
    async reload() { say('reloading'); },
    async close() { say('closing'); await sleep(300); say('closed'); },`);
  const { code, stdout } = await ending(child, [
    ['starting', 'SIGHUP'],
    ['reloading', 'SIGTERM'],
    ['closing', 'SIGHUP'],
  ]);
  assert.equal(code, 0);
  const said = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  assert.deepEqual(said, ['starting', 'started', 'reloading', 'closing', 'closed']);
});
