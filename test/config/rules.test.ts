import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Config, loadConfig } from '../../src/config/index.ts';
import { errorText } from '../../src/errors.ts';

const cwd = mkdtempSync(join(tmpdir(), 'rst-rules-'));
after(() => rmSync(cwd, { recursive: true }));
const file = join(cwd, 'rules.toml');

function load(...lines: string[]) {
  writeFileSync(file, lines.join('\n'));
  return loadConfig({ file, env: {} });
}

function refusal(...lines: string[]): string[] {
  try {
    load(...lines);
  } catch (error) {
    return errorText(error)
      .split('\n')
      .map((line) => line.replace(file, 'FILE'));
  }
  assert.fail('was accepted');
}

/** The one rule of these lines, without the patterns it does not have. */
function rule(...lines: string[]): Config['rules'][number] {
  const [first] = load('[[rules]]', ...lines).config.rules;
  assert.ok(first);
  const patterns = Object.entries(first.patterns).filter(([, list]) => list !== undefined);
  return { ...first, patterns: Object.fromEntries(patterns) as typeof first.patterns };
}

test('a rule without anything records all that comes to it as usual', () => {
  assert.deepEqual(rule(), {
    name: null,
    patterns: {},
    variables: [],
    action: 'record',
    samplePercent: null,
    formats: null,
    legs: null,
  });
});

test('a rule has patterns as lists, whether one or several were written', () => {
  assert.deepEqual(
    rule(
      'name = "support"',
      'caller = "1*"',
      'callee = ["8*", "!800"]',
      'direction = "!outbound"',
      'account_code = ""',
      'sample = "0.5%"',
      'formats = ["stereo", "raw"]',
      'legs = "both"',
      'variables = { department = "sales", variable_queue = ["a", "b"] }',
    ),
    {
      name: 'support',
      patterns: {
        caller: ['1*'],
        callee: ['8*', '!800'],
        direction: ['!outbound'],
        accountCode: [''],
      },
      variables: [
        { name: 'department', patterns: ['sales'] },
        { name: 'queue', patterns: ['a', 'b'] },
      ],
      action: 'record',
      samplePercent: 0.5,
      formats: ['stereo', 'raw'],
      legs: 'both',
    },
  );
});

test('variables may be a table of their own below the rule', () => {
  const { config, settings } = load(
    '[[rules]]',
    'action = "skip"',
    '[rules.variables]',
    'department = "sales"',
    '[[rules]]',
    '[rules.variables]',
    '"odd name" = ["x"]',
  );
  assert.deepEqual(
    config.rules.map(({ variables }) => variables),
    [[{ name: 'department', patterns: ['sales'] }], [{ name: 'odd name', patterns: ['x'] }]],
  );
  assert.deepEqual(settings.get('rules[0].variables.department'), {
    value: 'sales',
    origin: { kind: 'file', file, line: 4 },
  });
  assert.deepEqual(settings.get('rules[1].variables."odd name"')?.value, ['x']);
  assert.equal(settings.has('rules[0].name'), false);
});

test('a problem of a rule names its table and key, where they stand', () => {
  assert.deepEqual(
    refusal(
      '[[rules]]',
      'calee = "1"',
      'caller = 1001',
      'callee = []',
      '[[rules]]',
      'direction = "in*"',
      'action = "drop"',
      'sample = "101%"',
      'formats = ["mp3"]',
      'legs = "all"',
      '[rules.variables]',
      'x = 1',
      '"y.z" = ["a", 2]',
    ),
    [
      'FILE:2: rules[0].calee: no such key; did you mean rules[0].callee?',
      'FILE:3: rules[0].caller: is 1001, must be a pattern such as "1*", "?00" or "!anonymous", or a list of them',
      'FILE:4: rules[0].callee: is [], must be a pattern such as "1*", "?00" or "!anonymous", or a list of them',
      'FILE:6: rules[1].direction: is "in*", must be "inbound", "outbound", one of them with a "!" before it, or a list of them',
      'FILE:7: rules[1].action: is "drop", must be one of "record", "skip"',
      'FILE:8: rules[1].sample: is "101%", must be a percentage from "0%" to "100%", such as "10%" or "0.5%"',
      'FILE:9: rules[1].formats: is ["mp3"], must be a list of "wav", "pcm", "raw" and "stereo", at least one and each once',
      'FILE:10: rules[1].legs: is "all", must be one of "a", "b", "both"',
      'FILE:12: rules[1].variables.x: is 1, must be a pattern such as "1*", "?00" or "!anonymous", or a list of them',
      'FILE:13: rules[1].variables."y.z": is ["a",2], must be a pattern such as "1*", "?00" or "!anonymous", or a list of them',
    ],
  );
  assert.match(
    refusal('[[rules]]', 'variables = "x"')[0] ?? '',
    /:2: rules\[0\]\.variables: is "x", must be a table of patterns/,
  );
});

test('percentages are taken with decimals and nothing else', () => {
  for (const [text, percent] of [
    ['0%', 0],
    ['100%', 100],
    ['100.000%', 100],
    ['0.000001%', 0.000001],
    ['33.3 %', 33.3],
  ])
    assert.equal(rule(`sample = "${text}"`).samplePercent, percent);
  for (const text of ['10', '%', '-1%', '100.1%', '1e1%', '1,5%', '.5%', ''])
    assert.match(refusal('[[rules]]', `sample = "${text}"`)[0] ?? '', /must be a percentage/, text);
  assert.match(refusal('[[rules]]', 'sample = 0.1')[0] ?? '', /is 0\.1, must be a percentage/);
});

test('a sample of what is skipped is refused', () => {
  assert.deepEqual(refusal('[[rules]]', 'action = "skip"', 'sample = "10%"'), [
    'FILE:3: rules[0].sample: stands beside action = "skip", must stand in a rule that records: it says how many of the calls are',
  ]);
});

test('variables to copy lose the prefix that events give them, and stand once', () => {
  const { config } = load('[trigger]', 'variables = ["variable_queue", "queue", "sip_call_id"]');
  assert.deepEqual(config.trigger.variables, ['queue', 'sip_call_id']);
});

test('a rule that no call gets to is doubtful', () => {
  const skipAll = ['[[rules]]', 'action = "skip"'];
  const { warnings } = load('[[rules]]', 'caller = "1*"', ...skipAll, '[[rules]]', 'callee = "9*"');
  assert.deepEqual(
    warnings.map((line) => line.replace(file, 'FILE')),
    [
      'FILE:5: rules[2]: no call gets to this rule, because rules[1] has no patterns and so matches every one; put it before that',
    ],
  );
  const other = ['[[rules]]', 'callee = "9*"', 'legs = "b"'];
  assert.deepEqual(load(...skipAll, ...other).warnings, []);
  assert.equal(load(...skipAll, 'legs = "both"', ...other).warnings.length, 1);
  assert.deepEqual(load(...skipAll, 'box = "fs1"', ...other, ...skipAll).warnings, []);
});
