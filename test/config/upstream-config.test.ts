import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { configSchema } from '../../src/config/schema.ts';
import { type ImportNote, importUpstreamConfig } from '../../src/config/upstream-config.ts';
import { RstError } from '../../src/errors.ts';

/** As it is shipped, with all keys that any version of it has had. */
const SHIPPED = ` 
save_dir=/opt/nway/
udp_port=0.0.0.0:9527
save_rule=caller_callee_uuid.pcm
cdr_dir=/opt/nway/cdr
write_hex=true
start_port=10000
end_port=20000
#18621575908_85733551_478525a8 and so on
`;

function tables(text: string): unknown {
  // The parser's tables have no prototype, which counts in a comparison.
  return structuredClone(parse(importUpstreamConfig(text).toml));
}

function notes(text: string, kind?: ImportNote['kind']): string[] {
  return importUpstreamConfig(text)
    .notes.filter((note) => kind === undefined || note.kind === kind)
    .map((note) => `${note.line}: ${note.text}`);
}

describe('a udp_server.conf', () => {
  test('becomes a configuration that the schema takes, setting by setting', () => {
    assert.deepEqual(tables(SHIPPED), {
      server: { host: '0.0.0.0', port: 9527 },
      media: { ports: '10000-20000' },
      records: {
        dir: '/opt/nway/',
        formats: ['pcm'],
        hex: true,
        name: '{caller}_{callee}_{uuid}',
      },
    });
    const config = configSchema.parse(tables(SHIPPED));
    assert.deepEqual(config.media.ports, { first: 10000, last: 20000 });
  });

  test('is told line by line: what became what, and what has no counterpart', () => {
    assert.deepEqual(notes(SHIPPED, 'taken'), [
      '2: save_dir="/opt/nway/" becomes records.dir = "/opt/nway/"',
      '3: udp_port="0.0.0.0:9527" becomes server.host = "0.0.0.0", server.port = 9527',
      '4: save_rule="caller_callee_uuid.pcm" becomes records.name = "{caller}_{callee}_{uuid}", records.formats = ["pcm"]',
      '6: write_hex="true" becomes records.hex = true',
      '7: start_port="10000" becomes media.ports = "10000-20000"',
      '8: end_port="20000" becomes media.ports = "10000-20000"',
    ]);
    assert.deepEqual(notes(SHIPPED, 'no-counterpart'), [
      '5: cdr_dir has no counterpart: the CDR is always in the folder cdr of records.dir, "/opt/nway/cdr"',
    ]);
    assert.deepEqual(notes(SHIPPED, 'not-understood'), []);
  });

  test('brings warnings where the same word means something else here', () => {
    const [pcm, ports, allow, ...more] = notes(SHIPPED, 'warning');
    assert.match(pcm ?? '', /^4: records\.formats: .*payloads as they came.*"raw"/);
    assert.match(ports ?? '', /^8: media\.ports: kept, but .*16384-32768/);
    assert.match(allow ?? '', /^null: server\.allow: /);
    assert.deepEqual(more, []);
  });

  test('may come from Windows, with spaces and with settings twice: the last one counts', () => {
    const text = '\uFEFFsave_dir = a\r\nsave_rule = UUID_caller.WAV\r\nsave_dir = b\r\n';
    assert.deepEqual(tables(text), {
      records: { dir: 'b', name: '{uuid}_{caller}', formats: ['wav'] },
    });
    assert.match(notes(text, 'warning').join('\n'), /^3: save_dir stands on line 1 too/);
  });

  test('in which a line is no setting keeps the others, and the line is named', () => {
    const text = 'save_dir=a\nnonsense\nsave_dirs=b\nudp_port=1:2:3\nwrite_hex=constructor';
    assert.deepEqual(tables(text), { records: { dir: 'a' } });
    assert.deepEqual(
      notes(text, 'not-understood').map((note) => note.split(':', 3).join(':')),
      [
        '2: not understood, left out: "nonsense"',
        '3: not understood, left out: "save_dirs=b"',
        '4: not understood, left out: udp_port="1',
        '5: not understood, left out: write_hex="constructor"',
      ],
    );
  });

  test('with a rule or an ending that is not known keeps our names', () => {
    for (const rule of ['caller_agent.pcm', 'uuid.mp3', 'uuid', '.pcm', '../uuid.pcm', ''])
      assert.deepEqual(tables(`save_rule=${rule}\nwrite_hex=0`), { records: { hex: false } }, rule);
  });

  for (const [address, server] of Object.entries({
    '0.0.0.0:9527': { host: '0.0.0.0', port: 9527 },
    ':9000': { host: '0.0.0.0', port: 9000 },
    '9000': { host: '0.0.0.0', port: 9000 },
    '[::1]:9527': { host: '::1', port: 9527 },
    'rec.example.com:9527': { host: 'rec.example.com', port: 9527 },
  }))
    test(`may listen on ${address}`, () => {
      assert.deepEqual(tables(`udp_port=${address}`), { server });
    });

  test('whose media ports contain the control port keeps the larger side of them', () => {
    const port = (text: string) => configSchema.parse(tables(text)).media.ports;
    assert.deepEqual(port('udp_port=:9527\nstart_port=9000\nend_port=12000'), {
      first: 9528,
      last: 12000,
    });
    assert.deepEqual(port('udp_port=:12000\nstart_port=9000\nend_port=12000'), {
      first: 9000,
      last: 11999,
    });
    assert.deepEqual(port('udp_port=:9527\nstart_port=9526\nend_port=9528'), {
      first: 10000,
      last: 16383,
    });
  });

  test('whose control port is one of our usual media ports moves these', () => {
    assert.deepEqual(tables('udp_port=:10000'), {
      server: { host: '0.0.0.0', port: 10000 },
      media: { ports: '10001-16383' },
    });
  });

  test('with one end of the ports only, or ends that make no range, keeps our ports', () => {
    assert.deepEqual(tables('write_hex=1\nstart_port=10000'), { records: { hex: true } });
    assert.match(notes('start_port=10000').join('\n'), /end_port is missing/);
    assert.match(notes('start_port=9\nend_port=8', 'not-understood').join('\n'), /^1: .*\n2: /);
  });

  test('in another encoding: a comment does no harm, a setting is not guessed', () => {
    const text = Buffer.from(
      '#\xc2\xbc\xd2\xf4\nsave_dir=/\xc2\xbc\xd2\xf4\nwrite_hex=1',
      'latin1',
    );
    assert.match(notes(text.toString(), 'not-understood').join('\n'), /^2: .*not UTF-8/);
  });

  test('that is none is refused', () => {
    for (const text of ['', '# nothing', '[server]\nport = 9527'])
      assert.throws(() => importUpstreamConfig(text), { name: 'RstError', code: 'RST_CONFIG' });
  });
});

describe('whatever the text is', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.integer({ min: -1, max: 70_000 }).map(String),
    fc.constantFrom('0.0.0.0:9527', ':12000', '[::]:1', 'caller_uuid.pcm', 'uuid.wav', 'true'),
  );
  const line = fc
    .tuple(
      fc.constantFrom(
        ...['save_dir', 'udp_port', 'save_rule', 'cdr_dir', 'write_hex', 'start_port', 'end_port'],
      ),
      value,
    )
    .map((pair) => pair.join('='));
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(line, fc.string()), { maxLength: 10 }).map((lines) => lines.join('\n')),
  );

  test('nothing but an RstError is thrown, and what comes out passes the schema', () => {
    fc.assert(
      fc.property(text, (input) => {
        try {
          const { toml, notes } = importUpstreamConfig(input);
          const { media, server } = configSchema.parse(parse(toml));
          assert.ok(server.port < media.ports.first || server.port > media.ports.last);
          for (const note of notes) assert.doesNotMatch(note.text, /[\p{Cc}\u2028\u2029]/u);
        } catch (error) {
          if (!(error instanceof RstError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
