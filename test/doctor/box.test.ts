import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { checkBox } from '../../src/doctor/box.ts';
import type { CheckResult } from '../../src/doctor/index.ts';
import { CHANNEL_EVENTS } from '../../src/esl/index.ts';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import type { FakeFreeswitchOptions } from '../support/freeswitch/options.ts';
import { NOW_MS, surroundingsOf } from './surroundings.ts';

const CONF = 'xml_locate configuration configuration name';
const PUBLIC = 'xml_locate dialplan context name public';

/** What a FreeSWITCH says that is set up as it should be. */
const ANSWERS: Record<string, string> = {
  strmicroepoch: `${NOW_MS}000`,
  'global_getvar local_ip_v4': '127.0.0.1',
  [`${CONF} rst.conf`]: rstConf('127.0.0.1', 9527),
  [`${CONF} switch.conf`]: "<param name='rtp-start-port' value='30000'></param>",
  [`${CONF} sofia.conf`]: '<param name="context" value="inside"></param>',
};

function rstConf(address: string, port: number): string {
  return `<configuration name="rst.conf">\n<!-- <param name="udp-server-ip" value="0.0.0.0"/> --><param name="udp-server-ip" value="${address}"></param>\n<param name="udp-server-port" value="${port}"></param></configuration>`;
}

/** A FreeSWITCH that answers so, and otherwise as it should. */
function freeswitch(
  answers: Record<string, string | { replyText: string }> = {},
  more: FakeFreeswitchOptions = {},
) {
  const all: Record<string, string | { replyText: string }> = { ...ANSWERS, ...answers };
  return FakeFreeswitch.start({
    password: 'tr0ub4dor',
    faults: { answer: (command) => all[command.replace(/^api /, '')] },
    ...more,
  });
}

/** The lines about the only box, by what was looked at. */
async function linesOf(
  { port }: { port: number },
  box: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Promise<Record<string, CheckResult>> {
  const own = { name: 'fs1', host: '127.0.0.1', port, password: 'tr0ub4dor' };
  const tables = { freeswitch: [{ ...own, advertise: '127.0.0.1:9527', ...box }], ...more };
  const surroundings = surroundingsOf(tables);
  const lines: Record<string, CheckResult> = {};
  for (const each of surroundings.config.freeswitch)
    for await (const line of checkBox(each, surroundings))
      lines[line.name.replace('fs1: ', '')] = line;
  return lines;
}

function statusesOf(lines: Record<string, CheckResult>): Record<string, string> {
  return Object.fromEntries(Object.entries(lines).map(([name, { status }]) => [name, status]));
}

describe('a FreeSWITCH', () => {
  test('that is set up as it should be is all right, and left alone afterwards', async () => {
    await using fake = await freeswitch();
    const lines = await linesOf(fake);
    assert.deepEqual(statusesOf(lines), {
      password: 'ok',
      login: 'ok',
      events: 'ok',
      mod_rst: 'ok',
      'server.allow': 'ok',
      dialplan: 'ok',
      'rst.conf': 'ok',
      'RTP ports': 'ok',
      clock: 'ok',
    });
    assert.match(lines.events?.found ?? '', /1\.10\.12/);
    const [subscribed] = await fake.received(/^event /);
    for (const name of [...CHANNEL_EVENTS, 'HEARTBEAT'])
      assert.match(subscribed?.text ?? '', new RegExp(` ${name}\\b`));
    assert.match(lines.dialplan?.found ?? '', /nothing .* default, public, inside$/);
    await fake.until(() => fake.connections === 0, 'the end of the connection');
  });

  test('whose clock is the same within a second is fine, another one is a warning', async () => {
    const clock = async (offsetMs: number) => {
      await using fake = await freeswitch({ strmicroepoch: `${NOW_MS + offsetMs}000` });
      return (await linesOf(fake)).clock as CheckResult;
    };
    assert.equal((await clock(900)).status, 'ok');
    const ahead = await clock(3_600_000);
    assert.deepEqual(
      [ahead.status, ahead.found.split(',')[0]],
      ['warning', "3600.0 s ahead of this machine's"],
    );
    assert.match(ahead.todo ?? '', /NTP/);
    assert.match((await clock(-3_600_000)).found, /^3600\.0 s behind/);
  });

  test('that refuses the password, is not there or lets nobody in is told apart', async () => {
    await using fake = await freeswitch();
    const wrong = await linesOf(fake, { password: 'wrong' });
    assert.deepEqual(statusesOf(wrong), { password: 'ok', login: 'failed' });
    assert.match(wrong.login?.found ?? '', /refuses this password/);
    assert.match(wrong.login?.todo ?? '', /event_socket\.conf\.xml/);
    await fake.stop();
    const gone = await linesOf(fake);
    assert.match(gone.login?.found ?? '', /ECONNREFUSED/);
    assert.match(gone.login?.todo ?? '', /is FreeSWITCH running there/);

    const acl = createServer((socket) => {
      socket.end(
        'Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n',
      );
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => acl.once('listening', resolve));
    const { port } = acl.address() as { port: number };
    const refused = await linesOf({ port });
    acl.close();
    assert.match(refused.login?.found ?? '', /does not let this machine in/);
    assert.match(refused.login?.todo ?? '', /apply-inbound-acl/);
  });

  test('with the password that everybody knows is a warning', async () => {
    await using fake = await freeswitch({}, { password: 'ClueCon' });
    const { password } = await linesOf(fake, { password: 'ClueCon' });
    assert.equal(password?.status, 'warning');
  });

  test('without mod_rst has failed; under another name it is found by its command', async () => {
    await using none = await freeswitch({}, { module: 'none' });
    const missing = (await linesOf(none)).mod_rst;
    assert.equal(missing?.status, 'failed');
    assert.match(missing?.todo ?? '', /modules\.conf\.xml/);
    await using fixed = await freeswitch(
      {
        'show api uuid_rst':
          'name,description,syntax,ikey\nuuid_rst,tap,<uuid> <ip> <port>,mod_rst_fixed\n\n1 total.\n',
      },
      { module: 'fixed' },
    );
    const found = (await linesOf(fixed)).mod_rst;
    assert.deepEqual([found?.status, found?.found.split(' ')[0]], ['ok', 'mod_rst_fixed']);
  });

  test('has its module told apart, where the login may ask', async () => {
    const moduleOf = async (
      module: 'prebuilt' | 'own',
      answers: Parameters<typeof freeswitch>[0] = {},
    ) => {
      await using fake = await freeswitch(answers, { module });
      const { status, found } = (await linesOf(fake)).mod_rst as CheckResult;
      assert.equal(status, 'ok');
      return found.split('; ')[1];
    };
    assert.equal(await moduleOf('own'), 'it is the one that comes with rst-server');
    assert.match((await moduleOf('prebuilt')) ?? '', /^it is another one /);
    const refused = { 'rst_status 0': { replyText: '-ERR permission denied' } };
    assert.match((await moduleOf('own', refused)) ?? '', /^it is not known which one/);
  });

  test('with the module in mod_rst/ goes by what that does', async () => {
    const more = { module: 'own' } as const;
    const none = { [`${CONF} rst.conf`]: "can't find anything\n" };
    const odd = { 'global_getvar local_ip_v4': '192.0.2.7', ...none };
    await using fake = await freeswitch(odd, more);
    const lines = await linesOf(fake);
    assert.match(lines['server.allow']?.found ?? '', /lets 127\.0\.0\.1 in/);
    assert.equal(lines['rst.conf']?.found, '127.0.0.1:9527, which is here');
    const conf =
      '<param name="local-ip" value="192.0.2.8"/><param name="udp-server-port" value="9"/>';
    await using told = await freeswitch({ [`${CONF} rst.conf`]: conf }, more);
    const other = await linesOf(told);
    assert.match(other['server.allow']?.todo ?? '', /"192\.0\.2\.8"/);
    assert.match(other['rst.conf']?.found ?? '', /^a tap that a dialplan starts without naming a/);
    assert.match(other['rst.conf']?.todo ?? '', /say reloadxml/);
  });

  test('whose user may not do what is needed has failed, with the right to give', async () => {
    const answers = { uuid_rst: { replyText: '-ERR permission denied' } };
    await using fake = await freeswitch(answers, { users: { 'rec@pbx': 'tr0ub4dor' } });
    const lines = await linesOf(fake, { user: 'rec@pbx' });
    assert.equal(lines.login?.status, 'ok');
    assert.match(lines.mod_rst?.found ?? '', /permission denied/);
    assert.equal(lines.mod_rst?.status, 'failed');
    assert.match(lines.mod_rst?.todo ?? '', /esl-allowed-api/);
  });

  test('whose rst.conf names another server is a warning, no rst.conf where the dialplan taps as well', async () => {
    await using other = await freeswitch({ [`${CONF} rst.conf`]: rstConf('192.0.2.5', 9527) });
    const elsewhere = (await linesOf(other))['rst.conf'];
    assert.equal(elsewhere?.status, 'warning');
    assert.match(
      elsewhere?.found ?? '',
      /goes to 192\.0\.2\.5:9527; this server is 127\.0\.0\.1:9527/,
    );
    const none = { [`${CONF} rst.conf`]: "can't find anything\n" };
    await using unneeded = await freeswitch(none);
    assert.equal((await linesOf(unneeded))['rst.conf']?.status, 'ok');
    const tapping = '<action application="rst" data="127.0.0.1 9527"/>';
    await using missing = await freeswitch({ ...none, [PUBLIC]: tapping });
    assert.equal((await linesOf(missing))['rst.conf']?.status, 'warning');
  });

  test('on this machine whose RTP ports are wanted twice has failed', async () => {
    await using fake = await freeswitch({ [`${CONF} switch.conf`]: "can't find anything\n" });
    const media = { ports: '16000-16400' };
    const { status, found } = (await linesOf(fake, {}, { media }))['RTP ports'] as CheckResult;
    assert.equal(status, 'failed');
    assert.match(found, /16384-32768, on this machine, and media\.ports 16000-16400/);
  });

  test('that sends from an address that is not let in has failed, with the line that lets it in', async () => {
    await using fake = await freeswitch({ 'global_getvar local_ip_v4': '192.0.2.7' });
    const { status, todo } = (await linesOf(fake))['server.allow'] as CheckResult;
    assert.equal(status, 'failed');
    assert.match(todo ?? '', /allow = \["127\.0\.0\.0\/8", "::1", "192\.0\.2\.7"\]/);
  });

  test('whose dialplan taps is told so; quotes that make calls fail have failed', async () => {
    const action = (data: string) =>
      `<context name="public"><!-- <action application="set" data="execute_on_answer='rst a'"/> --><action application="set" data="${data}"></action></context>`;
    await using taps = await freeswitch({
      [PUBLIC]: action('execute_on_answer=rst 127.0.0.1 9527'),
    });
    assert.match((await linesOf(taps)).dialplan?.found ?? '', /taps by itself at 1 place /);
    for (const data of [
      "execute_on_answer='rst 127.0.0.1 9527'",
      'execute_on_answer=&apos;rst 1&apos;',
    ]) {
      await using quoted = await freeswitch({ [PUBLIC]: action(data) });
      const line = (await linesOf(quoted)).dialplan;
      assert.equal(line?.status, 'failed');
      assert.match(line?.todo ?? '', /take the quotes away/);
    }
  });

  test('that is switched off is not asked', async () => {
    await using fake = await freeswitch();
    const off = await linesOf(fake, { enabled: false });
    assert.match(off.login?.found ?? '', /^not checked: its enabled is false$/);
    const all = await linesOf(fake, {}, { esl: { enabled: false } });
    assert.match(all.login?.found ?? '', /^not checked: esl\.enabled is false$/);
    assert.deepEqual(fake.commands, []);
  });
});
