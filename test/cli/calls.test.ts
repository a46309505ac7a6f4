import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { formatCalls } from '../../src/cli/calls-table.ts';
import { RstError } from '../../src/errors.ts';
import { liveCall } from '../http/stub-backend.ts';
import { AdminServer, ended } from './admin-server.ts';

/** What a terminal would obey, and what turns a line around. */
const OBEYED = /(?!\n)[\p{Cc}\u202a-\u202e]/u;
const NASTY = '\x1b[2J\x1b]0;title\x07\u009b31mred\r\n\u202ekcab\0';

/** A Node that takes its stdout for a terminal of 5 rows. */
const ON_SCREEN = [
  '--import',
  `data:text/javascript,${encodeURIComponent('Object.assign(process.stdout, { isTTY: true, rows: 5, columns: 80 })')}`,
];

describe('calls', () => {
  test('shows a table of the calls, oldest first, with text of any width in line', async () => {
    await using server = await AdminServer.start({
      calls: async () => [
        liveCall({ uuid: 'young', ageMs: 5_000 }),
        liveCall({ uuid: 'old', caller: '张三李四', box: null, ageMs: 3_723_000 }),
      ],
    });
    const { code, stdout, stderr } = await server.run('calls');
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(
      stdout,
      [
        '┌───────┬─────┬─────────────┬────────┬─────────┬───────┬───────────┬──────┬─────────┬───┬────────┐',
        '│ uuid  │ box │ caller      │ callee │     age │ codec │ packets R │    W │ level R │ W │ state  │',
        '├───────┼─────┼─────────────┼────────┼─────────┼───────┼───────────┼──────┼─────────┼───┼────────┤',
        '│ old   │     │ 张三李四    │ 95001  │ 1:02:03 │ PCMU  │      3250 │ 3249 │   ▆ -18 │ - │ active │',
        '│ young │ fs1 │ 13800001111 │ 95001  │    0:05 │ PCMU  │      3250 │ 3249 │   ▆ -18 │ - │ active │',
        '└───────┴─────┴─────────────┴────────┴─────────┴───────┴───────────┴──────┴─────────┴───┴────────┘',
        '2 calls',
        '',
      ].join('\n'),
    );
  });

  test('says of a call that two codecs are used, and since when nothing comes', async () => {
    await using server = await AdminServer.start({
      calls: async () => [
        liveCall({
          tracks: {
            R: { codec: 'PCMU', packets: 9, lastPacketMs: 64_000, levelDb: 0 },
            W: { codec: null, packets: 0, lastPacketMs: null, levelDb: -96 },
          },
        }),
      ],
    });
    const { stdout } = await server.run('calls');
    assert.match(stdout, /│ PCMU\/- +│ +9 │ 0 │ +█ +0 │ ▁ -96 │ active, nothing for 1:04 │/);
    assert.match(stdout, /\n1 call\n$/);
  });

  test('asks again where nobody had asked for the levels before', async () => {
    let asked = 0;
    const track = (packets: number) => {
      const levelDb = asked > 1 ? -20 : null;
      return { codec: 'PCMU', packets, lastPacketMs: 5, levelDb };
    };
    await using server = await AdminServer.start({
      calls: async () => {
        asked++;
        return [liveCall({ tracks: { R: track(7), W: track(8) } })];
      },
    });
    assert.match((await server.run('calls')).stdout, /│ +7 │ 8 │ +▆ -20 │ ▆ -20 │/);
    assert.equal(asked, 2);
  });

  test('lets no text of a caller reach the terminal as anything but text', async () => {
    await using server = await AdminServer.start({
      calls: async () => [
        liveCall({
          uuid: NASTY,
          box: NASTY,
          caller: NASTY,
          callee: `${NASTY}${'x'.repeat(10_000)}`,
        }),
      ],
    });
    const table = await server.run('calls');
    assert.doesNotMatch(table.stdout, OBEYED);
    assert.match(table.stdout, /│ redkcabx{20}…/);
    assert.equal(table.stdout.split('\n').length, 7);
    const json = await server.run('calls', '--json');
    assert.doesNotMatch(json.stdout, OBEYED);
    assert.equal(JSON.parse(json.stdout).calls[0].caller, NASTY);
  });

  test('says so where there is none', async () => {
    await using server = await AdminServer.start({ calls: async () => [] });
    assert.deepEqual(await server.run('calls'), { code: 0, stdout: 'No calls.\n', stderr: '' });
    assert.deepEqual(JSON.parse((await server.run('calls', '--json')).stdout), { calls: [] });
  });

  test('ends with 0 where the reader goes away before it has read', async () => {
    await using server = await AdminServer.start({
      calls: async () => Array.from({ length: 3_000 }, () => liveCall()),
    });
    const child = server.spawn('calls', '--json');
    child.stdout?.once('data', () => child.stdout?.destroy());
    child.stderr?.on('data', (bytes) => assert.fail(String(bytes)));
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });
});

describe('calls --watch', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    test(`prints a document on each line until ${signal}, which ends it with 0`, async () => {
      let asked = 0;
      await using server = await AdminServer.start({
        calls: async () => [liveCall({ uuid: `call-${++asked}` })],
      });
      const child = server.spawn('calls', '--watch', '--json');
      const end = ended(child);
      const lines = createInterface({ input: child.stdout! });
      const uuids: string[] = [];
      for await (const line of lines) {
        uuids.push(JSON.parse(line).calls[0].uuid);
        if (uuids.length === 2) child.kill(signal);
      }
      assert.deepEqual(uuids, ['call-1', 'call-2']);
      const { code, stderr } = await end;
      assert.deepEqual([code, stderr], [0, '']);
    });

  test('prints plain tables to a pipe', async () => {
    await using server = await AdminServer.start();
    const child = server.spawn('calls', '-w');
    const end = ended(child);
    child.stdout?.once('data', () => child.kill('SIGINT'));
    const { code, stdout } = await end;
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, OBEYED);
    assert.match(stdout, /^┌[^\n]+\n│ uuid /);
  });

  test('draws in place on a terminal, no more than fits, and leaves it as it was', async () => {
    await using server = await AdminServer.start({
      calls: async () => [liveCall(), liveCall(), liveCall()],
    });
    const child = server.spawnWith(ON_SCREEN, 'calls', '--watch');
    const end = ended(child);
    let drawn = '';
    child.stdout?.on('data', (bytes) => {
      drawn += bytes;
      if (!child.killed && drawn.split('\x1b[H').length === 3) child.kill('SIGINT');
    });
    const { code, stdout } = await end;
    assert.equal(code, 0);
    const [before, ...frames] = stdout.split('\x1b[H');
    assert.equal(before, '\x1b[?1049h\x1b[?25l\x1b[?7l');
    const last = frames.at(-1) ?? '';
    assert.ok(last.endsWith('\x1b[?7h\x1b[?25h\x1b[?1049l'));
    assert.equal(frames[0]?.split('\n').length, 5);
    assert.ok(frames[0]?.endsWith('\n2 more lines than fit\x1b[K\x1b[J'), frames[0]);
  });

  test('makes a table of no more calls than a terminal has lines for', async () => {
    const calls = Array.from({ length: 2_000 }, (_, i) => liveCall({ ageMs: i * 1000 }));
    const lines = formatCalls(calls, 24).trimEnd().split('\n');
    assert.equal(lines.length, 24);
    assert.match(lines[3] ?? '', /│ 33:19 │/);
    assert.equal(lines.at(-1), '2000 calls, the 1981 youngest not shown');
    assert.match(formatCalls(calls.slice(0, 19), 24), /\n19 calls\n$/);
  });

  test('ends with 0 when its reader goes away', async () => {
    await using server = await AdminServer.start();
    const child = server.spawn('calls', '--watch');
    child.stderr?.on('data', (bytes) => assert.fail(String(bytes)));
    child.stdout?.once('data', () => child.stdout?.destroy());
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });

  test('leaves the screen alone where it finds no daemon', async () => {
    const server = await AdminServer.start();
    await server.close();
    const { code, stdout } = await ended(server.spawnWith(ON_SCREEN, 'calls', '--watch'));
    await server[Symbol.asyncDispose]();
    assert.deepEqual([code, stdout], [3, '']);
  });

  test('ends with 3 when the daemon goes away, and with 1 when it fails', async () => {
    const server = await AdminServer.start();
    const child = server.spawn('calls', '--watch');
    const end = ended(child);
    child.stdout?.once('data', () => server.close());
    const { code, stderr } = await end;
    await server[Symbol.asyncDispose]();
    assert.equal(code, 3);
    assert.match(stderr, /^rst-server: No rst-server can be reached at [^\n]+\n$/);

    let asked = 0;
    await using failing = await AdminServer.start({
      calls: async () => {
        if (asked++ > 0) throw new RstError('RST_RECORDING', 'A worker has died.');
        return [];
      },
    });
    const screen = await ended(failing.spawnWith(ON_SCREEN, 'calls', '--watch'));
    assert.equal(screen.code, 1);
    assert.equal(screen.stderr, 'rst-server: A worker has died.\n');
    assert.ok(screen.stdout.endsWith('\x1b[?1049l'));
  });
});
