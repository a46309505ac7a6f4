import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { formatKeyPath } from '../../src/config/key-path.ts';
import { locateKeys } from '../../src/config/toml-lines.ts';

function locate(...lines: string[]): Record<string, number> {
  const text = lines.join('\n');
  parse(text);
  return Object.fromEntries(locateKeys(text));
}

test('keys are found under their tables, past comments and empty lines', () => {
  assert.deepEqual(
    locate(
      '# [no.table]',
      '[server] # here',
      '',
      'host = "::" # port = 1',
      'port=1',
      '[media]',
      'ports = "1-2"',
    ),
    { server: 2, 'server.host': 4, 'server.port': 5, media: 6, 'media.ports': 7 },
  );
});

test('dotted, spaced and quoted keys are the keys they stand for', () => {
  assert.deepEqual(locate('media.ports = "1-2"', 'media . "workers" = 1', "'log'.level = 'info'"), {
    media: 1,
    'media.ports': 1,
    'media.workers': 2,
    log: 3,
    'log.level': 3,
  });
  assert.deepEqual(locate('"a.b" = 1', '"\\u0061" = 2', "'' = 3"), { '"a.b"': 1, a: 2, '""': 3 });
});

test('each table of a list has an index, and so have the keys and tables below it', () => {
  assert.deepEqual(
    locate(
      '[a.b]',
      'c = 1',
      '[[rules]]',
      'x = 1',
      '[rules.sub]',
      'y = 1',
      '[[rules]]',
      'x = 2',
      '[rules.sub]',
      'z = 1',
      '[[a.list]]',
      '[[a.list]]',
      '[[a.list.inner]]',
      'k.l = 1',
    ),
    {
      a: 1,
      'a.b': 1,
      'a.b.c': 2,
      rules: 3,
      'rules[0]': 3,
      'rules[0].x': 4,
      'rules[0].sub': 5,
      'rules[0].sub.y': 6,
      'rules[1]': 7,
      'rules[1].x': 8,
      'rules[1].sub': 9,
      'rules[1].sub.z': 10,
      'a.list': 11,
      'a.list[0]': 11,
      'a.list[1]': 12,
      'a.list[1].inner': 13,
      'a.list[1].inner[0]': 13,
      'a.list[1].inner[0].k': 14,
      'a.list[1].inner[0].k.l': 14,
    },
  );
});

test('a list of inline tables has the same paths as one of tables', () => {
  assert.deepEqual(
    locate('rules = [', '  { x = 1 }, # {', '  {', '    x = [1, 2],', '  },', ']', 'next = 1'),
    {
      rules: 1,
      'rules[0]': 2,
      'rules[0].x': 2,
      'rules[1]': 3,
      'rules[1].x': 4,
      next: 7,
    },
  );
});

test('arrays over several lines are passed over with the texts that they hold', () => {
  assert.deepEqual(
    locate(
      'list = [ # ]',
      '  "a]", \'b]\', [1, 2],',
      '  # c = ]',
      '  { k = "}" },',
      ']',
      'next = 1',
    ),
    { list: 1, 'list[3]': 4, 'list[3].k': 4, next: 6 },
  );
});

test('strings over several lines are passed over, with quotes, escapes and what looks like keys', () => {
  assert.deepEqual(
    locate(
      'a = """',
      'b = 1 \\""" " ""',
      '[c]"""""',
      "d = '''",
      "e = '' \\",
      "'''",
      'f = """"""',
      'g = 1',
    ),
    { a: 1, d: 4, f: 7, g: 8 },
  );
  assert.deepEqual(locate('a = "\\" # b = 1"', "c = '\\'", 'd = "\\\\"', 'e = 1'), {
    a: 1,
    c: 2,
    d: 3,
    e: 4,
  });
});

test('keys of inline tables are found, on their own lines too', () => {
  assert.deepEqual(locate('media = { ports = "1-2", a.b = { c = [1] } }', 'x = {', 'y = 1,', '}'), {
    media: 1,
    'media.ports': 1,
    'media.a': 1,
    'media.a.b': 1,
    'media.a.b.c': 1,
    x: 2,
    'x.y': 3,
  });
});

test('Windows line ends and dates with a space count as everybody else', () => {
  const text = 'a = 1979-05-27 07:32:00\r\nb = """\r\n"""\r\nc = 1\r\n';
  parse(text);
  assert.deepEqual(Object.fromEntries(locateKeys(text)), { a: 1, b: 2, c: 4 });
});

const bareKey = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);
const noise = fc.constantFrom('', ' ', '# x = 1', '# [t]', '# """', "# '''", '\t# ]}');
const inText = fc.constantFrom(
  'a = 1',
  '[x]',
  '#',
  ' ',
  ']',
  '}',
  ',',
  "'",
  '\\\\',
  '\\"',
  '=',
  'é',
);
const oneLineText = fc.array(inText).map((parts) => `"${parts.join('')}"`);
const longText = fc
  .array(fc.oneof(inText, fc.constant('\n')))
  .map((parts) => `"""${parts.join('')}"""`);
const literal = fc.stringMatching(/^[ -&(-~]{0,12}$/).map((text) => `'${text}'`);
const scalar = fc.oneof(
  fc.integer().map(String),
  fc.boolean().map(String),
  fc.constantFrom('1.5e3', '-inf', '2020-01-01 10:00:00Z', '0xff', '07:32:00', "'''\n[x]\n'''"),
  oneLineText,
  longText,
  literal,
);
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc
      .array(fc.tuple(tie('value'), noise), { maxLength: 3 })
      .map((members) => `[${members.map(([member, rest]) => `${member} ,${rest}\n`).join('')}]`),
    fc
      .uniqueArray(fc.tuple(bareKey, tie('value')), { maxLength: 3, selector: ([key]) => key })
      .map((pairs) => `{ ${pairs.map(([key, member]) => `${key} = ${member}`).join(', ')} }`),
  ),
}));

interface Block {
  table: string;
  pairs: [key: string, value: string, noise: string][];
}
const blocks: fc.Arbitrary<Block[]> = fc.uniqueArray(
  fc.record({
    table: fc.oneof(bareKey, fc.string({ minLength: 1, maxLength: 6 })),
    pairs: fc.uniqueArray(fc.tuple(fc.oneof(bareKey, fc.string({ maxLength: 6 })), value, noise), {
      maxLength: 4,
      selector: ([key]) => key,
    }),
  }),
  { maxLength: 4, selector: (block) => block.table },
);

test('whatever the values hold, every key of every table is found on its line', () => {
  fc.assert(
    fc.property(blocks, (document) => {
      const lines: string[] = [];
      const expected = new Map<string, number>();
      for (const { table, pairs } of document) {
        lines.push(`[${tomlKey(table)}]`);
        expected.set(formatKeyPath([table]), lines.length);
        for (const [key, text, rest] of pairs) {
          expected.set(formatKeyPath([table, key]), lines.length + 1);
          lines.push(...`${tomlKey(key)} = ${text}`.split('\n'), rest);
        }
      }
      const text = lines.join('\n');
      parse(text);
      const found = locateKeys(text);
      for (const [path, line] of expected) assert.equal(found.get(path), line, path);
    }),
    { numRuns: 500 },
  );
});

test('whatever the values hold, every key of every table of a list is found on its line', () => {
  const tables = fc.array(fc.tuple(fc.constantFrom('a', 'b c'), blocks), { maxLength: 5 });
  fc.assert(
    fc.property(tables, (document) => {
      const lines: string[] = [];
      const expected = new Map<string, number>();
      const counts = new Map<string, number>();
      const note = (path: PropertyKey[]) => expected.set(formatKeyPath(path), lines.length + 1);
      for (const [list, [block]] of document) {
        const index = counts.get(list) ?? 0;
        counts.set(list, index + 1);
        note([list, index]);
        lines.push(`[[${tomlKey(list)}]]`);
        for (const [key, text, rest] of block?.pairs ?? []) {
          note([list, index, key]);
          lines.push(...`${tomlKey(key)} = ${text}`.split('\n'), rest);
        }
      }
      const text = lines.join('\n');
      parse(text);
      const found = locateKeys(text);
      for (const [path, line] of expected) assert.equal(found.get(path), line, path);
    }),
    { numRuns: 500 },
  );
});

test('any text at all gets an answer', () => {
  const pieces = fc.constantFrom(
    '[',
    ']',
    '"',
    "'",
    '"""',
    '{',
    '}',
    '=',
    '.',
    ',',
    '\n',
    '\\',
    'a',
    '#',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(pieces), (parts) => {
      locateKeys(parts.join(''));
    }),
    { numRuns: 1000 },
  );
});

/** A key as TOML writes it; JSON's escapes are among TOML's, but DEL needs one that JSON leaves out. */
function tomlKey(key: string): string {
  return formatKeyPath([key]).replaceAll('\x7f', '\\u007f');
}
