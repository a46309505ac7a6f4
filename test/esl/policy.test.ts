import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { ChannelFacts } from '../../src/esl/channel.ts';
import { Policy } from '../../src/esl/policy.ts';
import type { Legs, Rule } from '../../src/esl/rule.ts';

const UUID = '6f1c3a7e-58b0-4a13-9d2e-0c4b8f7a9e21';

function channel(
  facts: Partial<ChannelFacts> = {},
  variables: Record<string, string> = {},
): ChannelFacts {
  return {
    uuid: UUID,
    box: 'fs1',
    channelName: 'sofia/internal/1001@192.0.2.1',
    callerName: 'Alice',
    callerNumber: '1001',
    calleeName: '',
    calleeNumber: '8000',
    direction: 'inbound',
    context: 'default',
    profile: 'internal',
    gateway: '',
    domain: 'example.com',
    accountCode: '',
    originator: null,
    variable: (name) => variables[name],
    ...facts,
  };
}

function rule(parts: Partial<Rule> = {}): Rule {
  return {
    name: null,
    patterns: {},
    variables: [],
    action: 'record',
    samplePercent: null,
    formats: null,
    legs: null,
    ...parts,
  };
}

function policy(rules: readonly Partial<Rule>[], legs: Legs = 'a'): Policy {
  return new Policy({ rules: rules.map(rule), legs });
}

test('without rules every call is recorded once: its A leg, whatever its direction', () => {
  const plain = policy([]);
  for (const direction of ['inbound', 'outbound', 'unknown'] as const)
    assert.deepEqual(plain.decide(channel({ direction })), {
      action: 'record',
      formats: null,
      rule: null,
      why: 'no rule matches; every answered call is recorded',
    });
  assert.deepEqual(plain.decide(channel({ originator: randomUUID() })), {
    action: 'skip',
    formats: null,
    rule: null,
    why: 'no rule matches, and this is a B leg while trigger.legs is "a"',
  });
});

test('trigger.legs says which channels count', () => {
  const originator = randomUUID();
  // A rule that matches anything changes nothing about the legs.
  for (const [legs, a, b] of [
    ['a', 'record', 'skip'],
    ['b', 'skip', 'record'],
    ['both', 'record', 'record'],
  ] as const)
    for (const rules of [[], [{}]]) {
      assert.equal(policy(rules, legs).decide(channel()).action, a);
      assert.equal(policy(rules, legs).decide(channel({ originator })).action, b);
    }
});

test("a rule's own legs are those it looks at", () => {
  const rules = policy([{ patterns: { gateway: ['carrier'] }, legs: 'b' }]);
  const originator = randomUUID();
  assert.equal(rules.decide(channel({ gateway: 'carrier', originator })).action, 'record');
  assert.equal(rules.decide(channel({ gateway: 'other', originator })).action, 'skip');
  assert.deepEqual(rules.explain(channel({ gateway: 'carrier' })).passed, [
    { index: 0, name: null, why: 'it looks at B legs, and this is an A leg' },
  ]);
});

test('the first rule that matches decides, and the others say why they did not', () => {
  const rules = policy([
    { name: 'internal', patterns: { caller: ['2*', '3*'] }, action: 'skip' },
    { patterns: { caller: ['!1*'] } },
    { name: 'support', patterns: { callee: ['8*'], context: ['DEFAULT'] }, formats: ['stereo'] },
    { action: 'skip' },
  ]);
  assert.deepEqual(rules.explain(channel()), {
    decision: {
      action: 'record',
      formats: ['stereo'],
      rule: { index: 2, name: 'support' },
      why: 'rule 3 "support" matches: callee "8*", context "DEFAULT"',
    },
    passed: [
      { index: 0, name: 'internal', why: 'caller is "1001", none of "2*", "3*"' },
      { index: 1, name: null, why: 'caller is "1001", which "!1*" keeps out' },
    ],
  });
  assert.deepEqual(rules.decide(channel({ callerNumber: '200' })), {
    action: 'skip',
    formats: null,
    rule: { index: 0, name: 'internal' },
    why: 'rule 1 "internal" matches: caller "2*"',
  });
  assert.equal(rules.decide(channel({ calleeNumber: '9' })).why, 'rule 4 matches: every call');
});

test('every fact can be asked for', () => {
  const facts = channel(
    { gateway: 'Carrier', accountCode: 'Acme', direction: 'outbound' },
    { department: 'sales' },
  );
  const patterns: [Rule['patterns'], boolean][] = [
    [{ caller: ['100?'] }, true],
    [{ callee: ['8000'] }, true],
    [{ direction: ['outbound'] }, true],
    [{ direction: ['inbound'] }, false],
    [{ context: ['Default'] }, true],
    [{ profile: ['INTERNAL'] }, true],
    [{ gateway: ['carrier'] }, true],
    [{ domain: ['Example.*'] }, true],
    [{ accountCode: ['Acme'] }, true],
    [{ accountCode: ['acme'] }, false],
    [{ box: ['fs?'] }, true],
    [{ box: ['FS1'] }, false],
    [{ box: undefined }, true],
  ];
  for (const [asked, isMatch] of patterns)
    assert.equal(
      policy([{ patterns: asked }]).decide(facts).rule !== null,
      isMatch,
      JSON.stringify(asked),
    );
  for (const [name, pattern, isMatch] of [
    ['department', 'sales', true],
    ['department', 'Sales', false],
    ['queue', '', true],
    ['queue', '*', true],
    ['queue', '?*', false],
  ] as const)
    assert.equal(
      policy([{ variables: [{ name, patterns: [pattern] }] }]).decide(facts).rule !== null,
      isMatch,
      `${name} ${pattern}`,
    );
  assert.deepEqual(
    policy([{ variables: [{ name: 'queue', patterns: ['a'] }] }]).explain(facts).passed[0]?.why,
    'variable queue is "", not "a"',
  );
});

test('a number with a + matches with and without it, a pattern with a + asks for it', () => {
  const plus = channel({ callerNumber: '+4930', calleeNumber: '+1' });
  assert.notEqual(
    policy([{ patterns: { caller: ['49*'], callee: ['1'] } }]).decide(plus).rule,
    null,
  );
  assert.notEqual(policy([{ patterns: { caller: ['+49*'] } }]).decide(plus).rule, null);
  assert.equal(policy([{ patterns: { caller: ['!49*'] } }]).decide(plus).rule, null);
  const bare = channel({ callerNumber: '4930' });
  assert.equal(policy([{ patterns: { caller: ['+49*'] } }]).decide(bare).rule, null);
});

test('the variable rst_record beats rules and legs', () => {
  const skips = policy([{ action: 'skip' }]);
  const records = policy([{ formats: ['raw'] }]);
  const originator = randomUUID();
  for (const value of ['true', 'YES', '1', ' on '])
    assert.deepEqual(skips.decide(channel({ originator }, { rst_record: value })), {
      action: 'record',
      formats: null,
      rule: null,
      why: `the variable rst_record is "${value.trim().toLowerCase()}"`,
    });
  for (const value of ['false', 'no', '0', 'Off'])
    assert.equal(records.decide(channel({}, { rst_record: value })).action, 'skip');
  for (const value of ['', 'maybe', '2'])
    assert.deepEqual(
      records.decide(channel({}, { rst_record: value })),
      records.decide(channel()),
      value,
    );
});

test('a sample takes its share of the calls, each always or never', () => {
  const uuids = Array.from({ length: 4000 }, () => randomUUID());
  const taken = (samplePercent: number) => {
    const rules = policy([{ samplePercent }]);
    return uuids.filter((uuid) => rules.decide(channel({ uuid })).action === 'record');
  };
  assert.equal(taken(0).length, 0);
  assert.equal(taken(100).length, uuids.length);
  const tenth = taken(10);
  // Five standard deviations to either side.
  assert.ok(tenth.length > 305 && tenth.length < 495, String(tenth.length));
  assert.deepEqual(taken(10), tenth);
  const fifth = new Set(taken(20));
  assert.ok(tenth.every((uuid) => fifth.has(uuid)));
});

test('a call outside of the sample is skipped and not given to the next rule', () => {
  const rules = (samplePercent: number) => policy([{ samplePercent, formats: ['stereo'] }, {}]);
  assert.deepEqual(rules(100).decide(channel()), {
    action: 'record',
    formats: ['stereo'],
    rule: { index: 0, name: null },
    why: 'rule 1 matches: every call; its sample of 100% has this call',
  });
  assert.deepEqual(rules(0).decide(channel()), {
    action: 'skip',
    formats: null,
    rule: { index: 0, name: null },
    why: 'rule 1 matches: every call; its sample of 0% does not have this call',
  });
});

test('what a caller sends is cut and escaped in an explanation, and in no decision', () => {
  const callerNumber = `1\r\n\u0000${'x'.repeat(10_000)}`;
  const { decision, passed } = policy([{ patterns: { caller: ['2*'] } }]).explain(
    channel({ callerNumber }),
  );
  assert.match(passed[0]?.why ?? '', /^caller is "1\\r\\n\\u0000x+…", not "2\*"$/);
  assert.ok((passed[0]?.why.length ?? 0) < 200);
  assert.doesNotMatch(decision.why, /x/);
});
