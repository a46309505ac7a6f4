import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type LoadOptions, loadConfig } from '../../src/config/index.ts';
import { RstError } from '../../src/errors.ts';

const cwd = mkdtempSync(join(tmpdir(), 'rst-config-'));
after(() => rmSync(cwd, { recursive: true }));

let files = 0;
function file(...lines: string[]): string {
  const path = join(cwd, `${++files}.toml`);
  writeFileSync(path, lines.join('\n'));
  return path;
}

/** Loads with an empty environment, so that the machine the tests run on has no say. */
function load(options: LoadOptions = {}) {
  return loadConfig({ cwd, env: {}, file: file(), ...options });
}

function refusal(options: LoadOptions): string[] {
  try {
    load(options);
  } catch (error) {
    assert.ok(error instanceof RstError);
    assert.equal(error.code, 'RST_CONFIG');
    assert.equal(error.exitCode, 2);
    return error.message.split('\n');
  }
  assert.fail('was accepted');
}

test('what nobody sets is at its default', () => {
  const { config, warnings, settings } = load();
  assert.deepEqual(config, {
    daemon: { node: hostname(), socket: 'auto', shutdownTimeoutMs: 30_000 },
    log: { level: 'info', maskNumbers: false },
    server: {
      host: '0.0.0.0',
      port: 9527,
      allow: ['127.0.0.0/8', '::1'],
      allowsBoxes: true,
      receiveBufferBytes: 32_000_000,
      rates: { callsPerSecond: 1000, garbagePerSecond: 100 },
    },
    media: {
      ports: { first: 10000, last: 16383 },
      portRestMs: 30_000,
      workers: 'auto',
      receiver: 'auto',
      sourceLock: 'address',
      l16RateHz: 'auto',
    },
    calls: { idleTimeoutMs: 60_000, noMediaTimeoutMs: 30_000, maxCalls: 10_000, maxDurationMs: 0 },
    records: {
      dir: join(cwd, 'records'),
      minFree: { bytes: 1e9, percent: 2 },
      fallbackDir: null,
      timezone: 'local',
      formats: ['wav'],
      wavCodec: 'pcm',
      hex: false,
      name: '{date}/{uuid}',
      flushIntervalMs: 1_000,
      maxBufferBytes: 256e6,
      sync: 'close',
    },
    esl: {
      enabled: true,
      connectTimeoutMs: 5_000,
      commandTimeoutMs: 5_000,
      heartbeatTimeoutMs: 60_000,
      reconnectMinMs: 1_000,
      reconnectMaxMs: 30_000,
    },
    trigger: { confirmTimeoutMs: 2_000, legs: 'a', variables: [] },
    freeswitch: [],
    rules: [],
  });
  assert.deepEqual(warnings, []);
  assert.deepEqual(settings.get('media.ports'), {
    value: '10000-16383',
    origin: { kind: 'default' },
  });
});

test('without any file the defaults do', (t) => {
  if (existsSync('/etc/rst-server/rst-server.toml'))
    return t.skip('this machine has a configuration in /etc');
  const { config, source } = loadConfig({ cwd, env: {} });
  assert.equal(source, null);
  assert.deepEqual(config, load().config);
});

test('flags beat the environment, which beats the file, which beats the defaults', () => {
  const path = file('[server]', 'port = 1001', 'host = "::1"', '[calls]', 'idle_timeout = "5m"');
  const { config, settings, source } = load({
    file: path,
    env: { RST_SERVER_PORT: '1002', RST_CALLS_IDLE_TIMEOUT: '6m' },
    flags: [{ flag: '--port', key: 'server.port', text: '1003' }],
  });
  assert.equal(source, path);
  assert.equal(config.server.port, 1003);
  assert.equal(config.calls.idleTimeoutMs, 360_000);
  assert.equal(config.server.host, '::1');
  assert.deepEqual(settings.get('server.port')?.origin, { kind: 'flag', flag: '--port' });
  assert.deepEqual(settings.get('calls.idle_timeout')?.origin, {
    kind: 'environment',
    variable: 'RST_CALLS_IDLE_TIMEOUT',
  });
  assert.deepEqual(settings.get('server.host')?.origin, { kind: 'file', file: path, line: 3 });
});

test('text from the environment becomes what the key takes', () => {
  const { config } = load({
    env: {
      RST_DAEMON_NODE: '42',
      RST_LOG_MASK_NUMBERS: 'true',
      RST_SERVER_PORT: ' 0 ',
      RST_SERVER_RECEIVE_BUFFER: '65536',
      RST_MEDIA_PORTS: '20000-20100',
      RST_MEDIA_WORKERS: '4',
      RST_MEDIA_L16_RATE: '16000',
      RST_CALLS_MAX_DURATION: '0',
      RST_RECORDS_FORMATS: 'wav, pcm',
      RST_RECORDS_DIR: '/var/rec',
    },
  });
  assert.equal(config.daemon.node, '42');
  assert.equal(config.log.maskNumbers, true);
  assert.equal(config.server.port, 0);
  assert.equal(config.server.receiveBufferBytes, 65536);
  assert.deepEqual(config.media.ports, { first: 20000, last: 20100 });
  assert.equal(config.media.workers, 4);
  assert.equal(config.media.l16RateHz, 16000);
  assert.equal(config.calls.maxDurationMs, 0);
  assert.deepEqual(config.records.formats, ['wav', 'pcm']);
  assert.equal(config.records.dir, '/var/rec');
});

test('an empty variable counts as not set, RST_DEBUG is no setting', () => {
  const { config, warnings } = load({ env: { RST_SERVER_PORT: '', RST_DEBUG: '1', PATH: '/bin' } });
  assert.equal(config.server.port, 9527);
  assert.deepEqual(warnings, []);
});

test('an unknown variable is a warning, and so is what Kubernetes injects', () => {
  const { config, warnings } = load({
    env: {
      RST_SERVER_SERVICE_HOST: '10.0.0.1',
      RST_SERVER_PORT: 'udp://10.0.0.1:9527',
      RST_MEDIA_PROTS: '1-2',
    },
  });
  assert.equal(config.server.port, 9527);
  assert.equal(warnings.length, 3);
  assert.match(warnings[0] as string, /^environment RST_SERVER_SERVICE_HOST: no setting/);
  assert.match(warnings[1] as string, /^environment RST_SERVER_PORT: .* Kubernetes/);
  assert.match(warnings[2] as string, /did you mean RST_MEDIA_PORTS\?$/);
});

test('every problem has a line with its place, in the order of the file', () => {
  const path = file(
    '# a comment',
    '[media]',
    'prots = "10000-16383"',
    'workers = 65',
    '[records]',
    'formats = [',
    '  "wav",',
    '  "mp3",',
    ']',
    'sync = false',
    '[calls]',
    'idle_timeout = 60',
  );
  assert.deepEqual(refusal({ file: path }), [
    `${path}:3: media.prots: no such key; did you mean media.ports?`,
    `${path}:4: media.workers: is 65, must be "auto" or a whole number from 1 to 64`,
    `${path}:6: records.formats: is ["wav","mp3"], must be a list of "wav", "pcm", "raw" and "stereo", at least one and each once`,
    `${path}:10: records.sync: is false, must be one of "close", "interval", "none"`,
    `${path}:12: calls.idle_timeout: is 60, must be a duration such as "200ms", "30s", "5m", "1h" or "2d", from 1s to 24d`,
  ]);
});

test('a problem of the environment or of a flag names that and not the file', () => {
  const path = file('[media]', 'ports = "20000-20100"', 'workers = 2');
  const lines = refusal({
    file: path,
    env: { RST_MEDIA_PORTS: '9000', RST_LOG_LEVEL: 'loud' },
    flags: [{ flag: '--port', key: 'server.port', text: 'abc' }],
  });
  assert.deepEqual(lines.sort(), [
    '--port: is "abc", must be a whole number from 0 to 65535 (0: any free port)',
    'environment RST_LOG_LEVEL: is "loud", must be one of "trace", "debug", "info", "warn", "error", "fatal"',
    'environment RST_MEDIA_PORTS: is "9000", must be a range "FIRST-LAST" of at least 2 ports from 1 to 65535, such as "10000-16383"',
  ]);
});

test('unknown tables and keys outside their table are told where they belong', () => {
  const path = file('port = 1', '[medai]', 'ports = "1-2"', '[storage]', '[__proto__]', 'x = 1');
  assert.deepEqual(refusal({ file: path }), [
    `${path}:1: port: no such key; did you mean server.port?`,
    `${path}:2: medai: no such table; did you mean [media]?`,
    `${path}:4: storage: no such table, must be one of daemon, log, server, media, calls, records, esl, trigger, freeswitch, rules`,
    `${path}:5: __proto__: no such table, must be one of daemon, log, server, media, calls, records, esl, trigger, freeswitch, rules`,
  ]);
  const other = file('[calls]', 'port_rest = "1s"', 'colour = 1', 'constructor = 1');
  assert.deepEqual(refusal({ file: other }), [
    `${other}:2: calls.port_rest: no such key; did you mean media.port_rest?`,
    `${other}:3: calls.colour: no such key, must be one of idle_timeout, no_media_timeout, max_duration, max_calls`,
    `${other}:4: calls.constructor: no such key, must be one of idle_timeout, no_media_timeout, max_duration, max_calls`,
  ]);
});

test('a table where a value belongs, and the other way round, is refused at its line', () => {
  for (const value of ['3', '2020-01-01', '[1]'])
    assert.match(
      refusal({ file: file('', `media = ${value}`), env: { RST_MEDIA_WORKERS: '2' } }).join('\n'),
      /:2: media: is .+, must be a table: a line "\[media\]" with its keys below it$/,
    );
  assert.match(
    refusal({ file: file('[media.ports]', 'a = 1') })[0] as string,
    /:1: media\.ports: is a table, must be a range/,
  );
  assert.match(refusal({ file: file('[[media]]') })[0] as string, /:1: media: is a list, must be/);
});

test('TOML that cannot be read is refused at its line, with the advice to quote', () => {
  const path = file('[calls]', 'idle_timeout = 30s');
  assert.match(
    refusal({ file: path })[0] as string,
    new RegExp(`^${path}:2: not valid TOML at column \\d+: .+; text such as "30s" needs quotes$`),
  );
  const twice = file('[calls]', 'idle_timeout = "1m"', 'idle_timeout = "2m"');
  assert.match(refusal({ file: twice })[0] as string, /:3: not valid TOML at column 1: .*redefine/);
});

test('a file that was named must be there and be readable text', () => {
  assert.match(refusal({ file: 'missing.toml' })[0] as string, /missing\.toml: .*no such file/);
  assert.match(refusal({ file: '.' })[0] as string, /it is a folder/);
  const latin1 = join(cwd, 'latin1.toml');
  writeFileSync(latin1, Buffer.from('[daemon]\nnode = "caf\xe9"', 'latin1'));
  assert.match(refusal({ file: latin1 })[0] as string, /latin1\.toml: not UTF-8/);
});

test('conf/rst-server.toml of the working directory is found, with a byte order mark too', () => {
  const home = join(cwd, 'home');
  mkdirSync(join(home, 'conf'), { recursive: true });
  writeFileSync(join(home, 'conf/rst-server.toml'), '\uFEFF[records]\r\ndir = "rec"\r\n');
  const { config, source } = loadConfig({ cwd: home, env: {} });
  assert.equal(source, join(home, 'conf/rst-server.toml'));
  assert.equal(config.records.dir, join(home, 'rec'));
});

test('media ports that hold the control port are refused where the mistake stands', () => {
  assert.deepEqual(refusal({ flags: [{ flag: '--port', key: 'server.port', text: '10001' }] }), [
    '--port: the range 10000-16383 contains the control port 10001, must leave it out: change media.ports or server.port',
  ]);
  assert.match(
    refusal({ env: { RST_MEDIA_PORTS: '9000-9999' } })[0] as string,
    /^environment RST_MEDIA_PORTS: the range 9000-9999 contains the control port 9527/,
  );
});

test("media ports among FreeSWITCH's own are a warning", () => {
  for (const [ports, count] of [
    ['10000-16383', 0],
    ['10000-16384', 1],
    ['32768-33000', 1],
    ['32769-33000', 0],
  ] as const) {
    const { warnings } = load({ env: { RST_MEDIA_PORTS: ports } });
    assert.equal(warnings.length, count, ports);
    if (count) assert.match(warnings[0] as string, /^environment RST_MEDIA_PORTS: .*"Bind Error!"/);
  }
});

test('each key refuses what is outside its range', () => {
  const wrong: Record<string, string[]> = {
    RST_DAEMON_NODE: ['a b', 'a/b'],
    RST_DAEMON_SHUTDOWN_TIMEOUT: ['0', '25d', '30'],
    RST_LOG_MASK_NUMBERS: ['yes', '1'],
    RST_SERVER_HOST: ['10.0.0.300', '[::1]', 'a b', '-x', 'a..b'],
    RST_SERVER_PORT: ['65536', '-1', '0x10', '1.5'],
    RST_SERVER_RECEIVE_BUFFER: ['1', '2GiB', 'much'],
    RST_MEDIA_PORTS: ['0-10', '10-65536', '20-10', '10-10', '10'],
    RST_MEDIA_WORKERS: ['0', '65', '1.5', 'many'],
    RST_MEDIA_RECEIVER: ['turbo'],
    RST_MEDIA_L16_RATE: ['44100', '8k'],
    RST_CALLS_IDLE_TIMEOUT: ['999ms', '0'],
    RST_CALLS_MAX_DURATION: ['25d', '60'],
    RST_RECORDS_DIR: [' '],
    RST_RECORDS_TIMEZONE: ['Mars/Olympus', '+08:00'],
    RST_RECORDS_FORMATS: ['wav,wav', 'mp3', 'wav,'],
    RST_RECORDS_FLUSH_INTERVAL: ['49ms', '61s'],
    RST_RECORDS_SYNC: ['always'],
    RST_DAEMON_SOCKET: [' '],
    RST_ESL_ENABLED: ['no'],
    RST_ESL_CONNECT_TIMEOUT: ['99ms', '61s'],
    RST_ESL_COMMAND_TIMEOUT: ['0', '2m'],
    RST_ESL_HEARTBEAT_TIMEOUT: ['999ms'],
    RST_TRIGGER_CONFIRM_TIMEOUT: ['2', '61s'],
    RST_TRIGGER_LEGS: ['A', 'c'],
    RST_TRIGGER_VARIABLES: ['a b', 'x,,y'],
  };
  for (const [variable, texts] of Object.entries(wrong))
    for (const text of texts)
      assert.match(
        refusal({ env: { [variable]: text } }).join('\n'),
        new RegExp(`^environment ${variable}: is ".+", must be [^\n]+$`),
        text,
      );
});

test('each key takes the ends of its range', () => {
  const right: Record<string, string[]> = {
    RST_SERVER_HOST: ['::', 'fe80::1%eth0', 'recorder.example.com', 'localhost', '127.0.0.1'],
    RST_SERVER_PORT: ['0', '65535'],
    RST_MEDIA_PORTS: ['1-2', '65534-65535', '10000 - 16383'],
    RST_MEDIA_WORKERS: ['1', '64', 'auto'],
    RST_CALLS_IDLE_TIMEOUT: ['1s', '24d'],
    RST_RECORDS_TIMEZONE: ['UTC', 'Asia/Shanghai'],
    RST_RECORDS_FLUSH_INTERVAL: ['50ms', '60s'],
  };
  for (const [variable, texts] of Object.entries(right))
    for (const text of texts) load({ env: { [variable]: text } });
});

test('server.allow takes addresses and networks of both families, from the environment too', () => {
  const { config } = load({ env: { RST_SERVER_ALLOW: '10.0.0.0/8, 2001:db8::/32,192.0.2.1' } });
  assert.deepEqual(config.server.allow, ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);
  for (const network of ['10.0.0.300', '10.0.0.0/33', '::1/129', 'pbx', '10.0.0.0/8/9', '1.2.3.4/'])
    assert.match(
      refusal({ env: { RST_SERVER_ALLOW: network } })[0] ?? '',
      /RST_SERVER_ALLOW: is .* must be a list of at least one, each an address or a network/,
      network,
    );
  assert.match(refusal({ file: file('[server]', 'allow = []') })[0] ?? '', /must be a list/);
});
