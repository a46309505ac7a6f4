import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { type LoadOptions, loadConfig } from '../../src/config/index.ts';
import { RstError } from '../../src/errors.ts';

const cwd = mkdtempSync(join(tmpdir(), 'rst-boxes-'));
after(() => rmSync(cwd, { recursive: true }));

const SECRET = 'tr0ub4dor';

let files = 0;
function file(...lines: string[]): string {
  const path = join(cwd, `${++files}.toml`);
  writeFileSync(path, lines.join('\n'));
  return path;
}

function load(options: LoadOptions) {
  return loadConfig({ cwd, env: {}, file: file(), ...options });
}

function refusal(options: LoadOptions): string[] {
  try {
    load(options);
  } catch (error) {
    assert.ok(error instanceof RstError);
    assert.equal(error.code, 'RST_CONFIG');
    assert.ok(!inspect(error, { depth: null }).includes(SECRET), error.message);
    return error.message.split('\n');
  }
  assert.fail('was accepted');
}

test('a box needs nothing but its host, which is its name as well', () => {
  const { config, settings } = load({ file: file('[[freeswitch]]', 'host = "127.0.0.1"') });
  assert.deepEqual(config.freeswitch, [
    {
      name: '127.0.0.1',
      host: '127.0.0.1',
      port: 8021,
      password: 'ClueCon',
      user: null,
      advertise: null,
      stopCommand: false,
      enabled: true,
    },
  ]);
  assert.deepEqual(settings.get('freeswitch[0].name'), {
    value: '127.0.0.1',
    origin: { kind: 'default' },
  });
  assert.equal(settings.has('freeswitch[0].advertise'), false);
});

test('boxes are read in both ways of writing a list, with every key', () => {
  const keys = [
    'name = "fs1"',
    'host = "::1"',
    'port = 1',
    `password = "${SECRET}"`,
    'user = "1000@example.com"',
    'advertise = "[2001:db8::5]:9527"',
    'stop_command = true',
    'enabled = false',
  ];
  for (const path of [
    file('[[freeswitch]]', ...keys),
    file(`freeswitch = [{ ${keys.join(', ')} }]`),
  ])
    assert.deepEqual(load({ file: path }).config.freeswitch, [
      {
        name: 'fs1',
        host: '::1',
        port: 1,
        password: SECRET,
        user: '1000@example.com',
        advertise: { host: '2001:db8::5', port: 9527 },
        stopCommand: true,
        enabled: false,
      },
    ]);
});

test('a problem of a box names its table and key, where they stand', () => {
  const path = file(
    '[[freeswitch]]',
    'host = "127.0.0.1"',
    '[[freeswitch]]',
    'hots = "pbx"',
    'port = 0',
    'advertise = "a:b"',
    'user = "1000"',
    '[[freeswitch]]',
    'host = "10.0.0.300"',
    'colour = 1',
    'enabled = "yes"',
  );
  assert.deepEqual(refusal({ file: path }), [
    `${path}:3: freeswitch[1].host: is missing, must be an IPv4 address, an IPv6 address without brackets, or a host name`,
    `${path}:4: freeswitch[1].hots: no such key; did you mean freeswitch[1].host?`,
    `${path}:5: freeswitch[1].port: is 0, must be a whole number from 1 to 65535`,
    `${path}:6: freeswitch[1].advertise: is "a:b", must be an address or host name, with or without a port, such as "192.0.2.5", "recorder:9527" or "[2001:db8::5]:9527"`,
    `${path}:7: freeswitch[1].user: is "1000", must be "USER@DOMAIN", a user of FreeSWITCH's directory`,
    `${path}:9: freeswitch[2].host: is "10.0.0.300", must be an IPv4 address, an IPv6 address without brackets, or a host name`,
    `${path}:10: freeswitch[2].colour: no such key, must be one of name, host, port, password, password_file, user, advertise, stop_command, enabled`,
    `${path}:11: freeswitch[2].enabled: is "yes", must be true or false`,
  ]);
  const inline = file('freeswitch = [', '  { host = "::1" },', '  { port = 1 },', ']');
  assert.match(refusal({ file: inline })[0] as string, /:3: freeswitch\[1\]\.host: is missing/);
});

test('what is no list of tables is refused, and so is a list under a wrong name', () => {
  for (const [line, is] of [
    ['[freeswitch]', 'a table'],
    ['freeswitch = 3', '3'],
  ] as const)
    assert.match(
      refusal({ file: file(line), env: { RST_FREESWITCH_HOST: '::1' } })[0] as string,
      new RegExp(
        `:1: freeswitch: is ${is}, must be a list of tables: for each a line "\\[\\[freeswitch\\]\\]" with its keys below it$`,
      ),
    );
  assert.match(
    refusal({ file: file('freeswitch = ["pbx"]'), env: { RST_FREESWITCH_PORT: '1' } })[0] as string,
    /:1: freeswitch\[0\]: is "pbx", must be a table: a line "\[\[freeswitch\]\]"/,
  );
  assert.match(
    refusal({ file: file('[[freeswich]]', 'host = "::1"') })[0] as string,
    /:1: freeswich: no such table; did you mean \[\[freeswitch\]\]\?$/,
  );
});

test('no message about a password holds it', () => {
  for (const line of [
    `password = "${SECRET}\\n"`,
    `password = ["${SECRET}"]`,
    `password = { is = "${SECRET}" }`,
    `pasword = "${SECRET}"`,
    `host = [{ password = "${SECRET}" }]`,
    `user = "1000@example.com:${SECRET}"`,
  ])
    refusal({ file: file('[[freeswitch]]', 'host = "::1"'.repeat(+!line.includes('host')), line) });
  refusal({ file: file('[[freeswitch]]', `password = "${SECRET}"`, 'host = ::1') });
  refusal({ file: file('[[freeswitch]]', `password = ${SECRET}`) });
  refusal({ file: file('[freeswitch]', `password = "${SECRET}"`) });
  refusal({ file: file(`freeswitch = [[{ password = "${SECRET}" }]]`) });
  assert.match(
    refusal({ env: { RST_FREESWITCH_HOST: '::1', RST_FREESWITCH_PASSWORD: `${SECRET}\nx` } })[0] ??
      '',
    /^environment RST_FREESWITCH_PASSWORD: is \(hidden\), must be text in quotes/,
  );
});

test('settings say where each value of a box came from, and of a password no more than that', () => {
  const path = file('[[freeswitch]]', 'host = "127.0.0.1"', `password = "${SECRET}"`);
  const { settings } = load({ file: path });
  assert.deepEqual(settings.get('freeswitch[0].host'), {
    value: '127.0.0.1',
    origin: { kind: 'file', file: path, line: 2 },
  });
  assert.deepEqual(settings.get('freeswitch[0].password'), {
    value: '(hidden)',
    origin: { kind: 'file', file: path, line: 3 },
  });
  assert.ok(!JSON.stringify([...settings]).includes(SECRET));
});

test('a password comes from its file without the line end', () => {
  const secret = join(cwd, 'secret');
  for (const text of [SECRET, `${SECRET}\n`, `${SECRET}\r\n`]) {
    writeFileSync(secret, text);
    chmodSync(secret, 0o640);
    const path = file('[[freeswitch]]', 'host = "::1"', 'password_file = "secret"');
    const { config, warnings, settings } = load({ file: path });
    assert.equal(config.freeswitch[0]?.password, SECRET);
    assert.deepEqual(warnings, []);
    assert.equal(settings.has('freeswitch[0].password'), false);
  }
  chmodSync(secret, 0o644);
  const path = file('[[freeswitch]]', 'host = "::1"', `password_file = "${secret}"`);
  assert.deepEqual(load({ file: path }).warnings, [
    `${path}:3: freeswitch[0].password_file: every user of this machine can read ${secret}; take that away with "chmod o-r"`,
  ]);
});

test('a password file that gives no password is refused in one line', () => {
  mkdirSync(join(cwd, 'folder'));
  writeFileSync(join(cwd, 'empty'), '\n', { mode: 0o600 });
  writeFileSync(join(cwd, 'long'), `${SECRET}\n\n`, { mode: 0o600 });
  for (const [name, text] of [
    ['missing', 'cannot be read: there is no such file; check the path'],
    ['folder', 'cannot be read: it is a folder; name the file in it'],
    ['empty', 'must hold the password on one line and nothing else; it is empty'],
    ['long', 'must hold the password on one line and nothing else; it is longer'],
  ]) {
    const path = file('[[freeswitch]]', 'host = "::1"', `password_file = "${name}"`);
    assert.deepEqual(refusal({ file: path }), [
      `${path}:3: freeswitch[0].password_file: ${join(cwd, name as string)} ${text}`,
    ]);
  }
  const both = file(
    '[[freeswitch]]',
    'host = "::1"',
    `password = "${SECRET}"`,
    'password_file = "x"',
  );
  assert.deepEqual(refusal({ file: both }), [
    `${both}:4: freeswitch[0].password_file: stands beside password, must be the only one of the two`,
  ]);
});

test('the environment gives passwords to boxes by name, over those of the file', () => {
  const path = file(
    '[[freeswitch]]',
    'host = "127.0.0.1"',
    'name = "fs-1"',
    'password_file = "is not looked at"',
    '[[freeswitch]]',
    'host = "127.0.0.2"',
    'password = "x"',
  );
  const { config, warnings, settings } = load({
    file: path,
    env: {
      RST_FREESWITCH_FS_1_PASSWORD: SECRET,
      RST_FREESWITCH_127_0_0_2_PASSWORD: '1234',
      RST_FREESWITCH_FS_2_PASSWORD: 'y',
    },
  });
  assert.deepEqual(
    config.freeswitch.map(({ password }) => password),
    [SECRET, '1234'],
  );
  assert.deepEqual(settings.get('freeswitch[0].password'), {
    value: '(hidden)',
    origin: { kind: 'environment', variable: 'RST_FREESWITCH_FS_1_PASSWORD' },
  });
  assert.deepEqual(warnings, [
    'environment RST_FREESWITCH_FS_2_PASSWORD: there is no box of that name, ignored; did you mean RST_FREESWITCH_FS_1_PASSWORD?',
  ]);
});

test('the environment describes a box without a file, or changes the only one of the file', () => {
  const env = {
    RST_FREESWITCH_HOST: 'localhost',
    RST_FREESWITCH_PORT: '8022',
    RST_FREESWITCH_PASSWORD: SECRET,
    RST_FREESWITCH_STOP_COMMAND: 'true',
  };
  const [alone] = load({ env }).config.freeswitch;
  assert.equal(alone?.name, 'localhost');
  assert.equal(alone?.port, 8022);
  assert.equal(alone?.password, SECRET);
  assert.equal(alone?.stopCommand, true);
  const path = file('[[freeswitch]]', 'host = "10.0.0.1"', 'name = "fs1"', 'password = "x"');
  const [changed] = load({ file: path, env }).config.freeswitch;
  assert.deepEqual(changed, { ...alone, name: 'fs1' });
});

test('variables that are of no box are warnings', () => {
  const none = load({ env: { RST_FREESWITCH_PASSWORD: SECRET, RST_FREESWITCH_PROT: '1' } });
  assert.deepEqual(none.config.freeswitch, []);
  assert.deepEqual(none.warnings, [
    'environment RST_FREESWITCH_PROT: no setting of this release, ignored; did you mean RST_FREESWITCH_PORT?',
    "environment RST_FREESWITCH_PASSWORD: ignored, because without RST_FREESWITCH_HOST it is no box's.",
  ]);
  const path = file('[[freeswitch]]', 'host = "127.0.0.1"', '[[freeswitch]]', 'host = "127.0.0.2"');
  const two = load({ file: path, env: { RST_FREESWITCH_HOST: '::1' } });
  assert.deepEqual(
    two.config.freeswitch.map(({ host }) => host),
    ['127.0.0.1', '127.0.0.2'],
  );
  assert.match(two.warnings[0] ?? '', /^environment RST_FREESWITCH_HOST: ignored, .* 2 boxes/);
  assert.match(
    load({ env: { RST_FREESWITCH_PORT: 'tcp://10.0.0.1:8021' } }).warnings[0] ?? '',
    /^environment RST_FREESWITCH_PORT: .* Kubernetes/,
  );
});

test('a program gives its boxes in the place of the file, and they beat the environment', () => {
  const { config, settings } = load({
    file: file('[[freeswitch]]', 'host = "10.0.0.1"'),
    env: {
      RST_FREESWITCH_HOST: '10.0.0.2',
      RST_FREESWITCH_A_PASSWORD: 'x',
      RST_FREESWITCH_B_PASSWORD: 'y',
    },
    lists: {
      freeswitch: [
        { name: 'a', host: '127.0.0.1', password: SECRET },
        { name: 'b', host: '127.0.0.2' },
      ],
    },
  });
  assert.deepEqual(
    config.freeswitch.map(({ name, password }) => [name, password]),
    [
      ['a', SECRET],
      ['b', 'y'],
    ],
  );
  assert.deepEqual(settings.get('freeswitch[0].host')?.origin, { kind: 'program' });
  assert.deepEqual(refusal({ lists: { freeswitch: [{ host: '::1' }, { hots: 'x' }] } }), [
    'freeswitch[1].host: is missing, must be an IPv4 address, an IPv6 address without brackets, or a host name',
    'freeswitch[1].hots: no such key; did you mean freeswitch[1].host?',
  ]);
});

test('the same box twice is refused, however it is spelled', () => {
  for (const [first, second] of [
    ['host = "PBX.example.com."', 'host = "pbx.EXAMPLE.com"'],
    ['host = "::1"', 'host = "0:0::0:1"\nport = 8021'],
    ['host = "127.0.0.1"\nname = "a"', 'name = "b"\nhost = "127.0.0.1"'],
  ]) {
    const path = file('[[freeswitch]]', first as string, '[[freeswitch]]', second as string);
    assert.match(
      refusal({ file: path }).join('\n'),
      /freeswitch\[1\]\.host: the event socket \S+ port 8021 is the one of freeswitch\[0\] already, must stand once[^\n]*$/,
    );
  }
  const path = file(
    '[[freeswitch]]',
    'host = "127.0.0.1"',
    'name = "FS"',
    '[[freeswitch]]',
    'name = "fs"',
    'host = "127.0.0.1"',
    'port = 8022',
  );
  assert.deepEqual(refusal({ file: path }), [
    `${path}:5: freeswitch[1].name: "fs" is the name of freeswitch[0] already, must be another for each box (without a name it is the host)`,
  ]);
});

test('an event socket that is spoken to over the network is a warning', () => {
  const path = file(
    '[[freeswitch]]',
    'host = "10.0.0.1"',
    '[[freeswitch]]',
    'host = "10.0.0.2"',
    'enabled = false',
    '[[freeswitch]]',
    'host = "localhost"',
  );
  assert.deepEqual(load({ file: path }).warnings, [
    `${path}:2: freeswitch[0].host: the event socket of 10.0.0.1 is plain text on the network and its password gives full control of that FreeSWITCH; protect it with a VPN, or at least with a firewall and apply-inbound-acl in event_socket.conf.xml`,
  ]);
  assert.deepEqual(load({ file: path, env: { RST_ESL_ENABLED: 'false' } }).warnings, []);
});

test('enabled boxes may send as long as server.allow is at its default', () => {
  const boxes = [
    ...['[[freeswitch]]', 'host = "10.0.0.1"', '[[freeswitch]]', 'host = "10.0.0.1"', 'port = 1'],
    ...['name = "other"', '[[freeswitch]]', 'host = "fe80::1%eth0"', '[[freeswitch]]'],
    ...['host = "10.0.0.2"', 'enabled = false', '[[freeswitch]]', 'host = "pbx.example.com"'],
    ...['[[freeswitch]]', 'host = "127.0.0.1"'],
  ];
  for (const allow of [[], ['[server]', 'allow = ["::1", "127.0.0.0/8"]']]) {
    const { config, settings } = load({ file: file(...boxes, ...allow) });
    assert.equal(config.server.allowsBoxes, true);
    assert.deepEqual(config.server.allow.toSorted(), ['10.0.0.1', '127.0.0.0/8', '::1', 'fe80::1']);
    assert.equal(settings.get('server.allow')?.value, config.server.allow);
  }
  const { config } = load({ file: file(...boxes), env: { RST_SERVER_ALLOW: '10.9.9.9' } });
  assert.equal(config.server.allowsBoxes, false);
  assert.deepEqual(config.server.allow, ['10.9.9.9']);
});

test('the shortest pause before connecting again may not be longer than the longest', () => {
  assert.deepEqual(refusal({ env: { RST_ESL_RECONNECT_MIN: '31s' } }), [
    'environment RST_ESL_RECONNECT_MIN: 31s for reconnect_min is longer than 30s for reconnect_max, must be at most as long',
  ]);
  assert.match(
    refusal({ env: { RST_ESL_RECONNECT_MAX: '500ms' } })[0] ?? '',
    /^environment RST_ESL_RECONNECT_MAX: 1s for reconnect_min is longer than 500ms/,
  );
});
