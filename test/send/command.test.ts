import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import type { SendSummary } from '../../src/send/index.ts';
import { CaptureServer, refusedPort } from './capture-server.ts';

const COMMAND = join(import.meta.dirname, '../../bin/rst-server.ts');

function start(args: string[]) {
  const child = spawn(process.execPath, [COMMAND, 'send', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
    ([[code], stdout, stderr]) => ({ code, stdout, stderr }),
  );
  return { child, ended };
}

function run(...args: string[]) {
  return start(args).ended;
}

describe('rst-server send', { timeout: 60_000 }, () => {
  test('prints one JSON document and ends 0', async () => {
    await using server = await CaptureServer.open();
    const to = `127.0.0.1:${server.port}`;
    const { code, stdout, stderr } = await run(
      ...['--to', to, '--json', '--calls', '3', '--duration', '200ms', '--stagger', '10'],
      ...['--read', 'noise:1', '--write', 'silence', '--loss', '0', '--seed', '4'],
    );
    assert.equal(stderr, '');
    assert.equal(code, 0);
    const summary: SendSummary = JSON.parse(stdout);
    assert.equal(summary.target, to);
    assert.equal(summary.seed, 4);
    assert.equal(summary.totals.completed, 3);
    assert.equal(summary.totals.packets, 60);
    assert.deepEqual(
      new Set(summary.calls.map(({ uuid }) => uuid)),
      new Set(server.byes().map(({ uuid }) => uuid)),
    );
  });

  test('offers numbers and sends packets twice where that is asked for', async () => {
    await using server = await CaptureServer.open({ acceptSeq: true });
    const to = `127.0.0.1:${server.port}`;
    const { code, stdout, stderr } = await run(
      ...['--to', to, '--json', '--duration', '200ms', '--seq', '--duplicate', '100'],
    );
    assert.equal(stderr, '');
    assert.equal(code, 0);
    const [call] = (JSON.parse(stdout) as SendSummary).calls;
    assert.deepEqual(call?.seq, { offered: true, accepted: true });
    assert.deepEqual(call?.legs.R, { packets: 10, bytes: 1600, lost: 0, duplicates: 10 });
    assert.deepEqual(
      server.leg('W').map(({ seq }) => seq),
      Array.from({ length: 20 }, (_, i) => Math.floor(i / 2)),
    );
  });

  test('prints a table and a few sentences for people', async () => {
    await using server = await CaptureServer.open();
    const { code, stdout, stderr } = await run(
      ...[
        '--to',
        `127.0.0.1:${server.port}`,
        '--duration',
        '1s',
        '--rate',
        '5',
        '--uuid',
        'call-1',
      ],
    );
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.match(stdout, /call-1 .*completed .* 50 .* 50 .*answered/);
    assert.match(stdout, /1 call to 127\.0\.0\.1:\d+ in 0\.\d s: 1 completed/);
    assert.match(stdout, /100 packets with 16000 bytes of audio sent, 0 left out/);
    assert.match(stdout, /INV answered after [\d.]+ ms/);
  });

  test('ends 3 and asks whether the server runs where nothing answers', async () => {
    const port = await refusedPort();
    const { code, stdout, stderr } = await run('--to', `127.0.0.1:${port}`, '--json');
    assert.equal(code, 3);
    assert.equal(
      stderr,
      `rst-server: Nothing answers at 127.0.0.1:${port}; is rst-server running there?\n`,
    );
    assert.equal(JSON.parse(stdout).totals.noAck, 1);
  });

  test('ends 1 where a BYE stays without an answer', async () => {
    await using server = await CaptureServer.open({ deafByes: true });
    const { code, stdout } = await run('--to', `127.0.0.1:${server.port}`, '--duration', '100ms');
    assert.equal(code, 1);
    assert.match(stdout, /1 BYE without an answer; did the server stop\?/);
  });

  test('says BYE and prints the summary when it is interrupted', async () => {
    await using server = await CaptureServer.open();
    const { child, ended } = start(['--to', `127.0.0.1:${server.port}`, '--duration', '1h']);
    await server.until(() => server.data.length >= 10);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    assert.equal(code, 0);
    assert.equal(server.byes().length, 1);
    assert.match(stdout, /1 aborted/);
  });

  test('ends 2 with one sentence where an option cannot be', async () => {
    for (const [args, sentence] of [
      [['--to', 'host:0'], /host:0 is no address of a server/],
      [['--loss', '101'], /loss must be from 0 to 100 percent/],
      [['--duplicate', '101'], /duplicates must be from 0 to 100 percent/],
      [['--seq', '--old-form'], /Numbers need an INV with ports/],
      [['--calls', 'x'], /--calls takes a number, not "x"/],
      [['--duration', '10'], /--duration: "10" is not a duration/],
      [['--read', 'tone:x'], /tone takes whole hertz/],
      [['--read', '/nowhere.wav'], /\/nowhere\.wav cannot be read/],
      [['--codec', 'opus'], /pcmu, pcma, l16/],
      [['--l16-rate', '16000'], /L16 rate is for the codec l16/],
      [['--calls', '2', '--uuid', 'u'], /One UUID is for one call/],
    ] as [string[], RegExp][]) {
      const { code, stdout, stderr } = await run(...args);
      assert.equal(code, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, sentence);
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    }
  });
});
