import { type ChannelFacts, legOf } from './channel.ts';
import type { Legs, Rule, RuleFormat } from './rule.ts';
import { RuleMatch } from './rule-match.ts';
import { isSampled } from './sample.ts';
import { type Action, wishOf } from './wish.ts';

/** Which rule: `index` counts from 0, as in `rules[0]`, and the sentences from 1. */
export interface RuleName {
  index: number;
  name: string | null;
}

/** What is to become of a call, and why in words that hold nothing of what the caller sent. */
export interface Decision {
  action: Action;
  /** null: `records.formats`. */
  formats: readonly RuleFormat[] | null;
  /** null: no rule decided this. */
  rule: RuleName | null;
  why: string;
}

/** A decision, and why each rule before the one that made it did not. */
export interface Explanation {
  decision: Decision;
  /** May hold what the caller sent, cut and escaped. */
  passed: (RuleName & { why: string })[];
}

export interface PolicyOptions {
  rules: readonly Rule[];
  /** `trigger.legs` */
  legs: Legs;
}

/**
 * Decides which calls are recorded: the channel variable `rst_record`, else the first rule that looks at
 * this leg and matches, else every channel whose leg counts. Looks at nothing but its arguments.
 */
export class Policy {
  readonly #rules: readonly { rule: Rule; match: RuleMatch }[];
  readonly #legs: Legs;

  constructor({ rules, legs }: PolicyOptions) {
    this.#rules = rules.map((rule) => ({ rule, match: new RuleMatch(rule, legs) }));
    this.#legs = legs;
  }

  decide(facts: ChannelFacts): Decision {
    return this.explain(facts).decision;
  }

  explain(facts: ChannelFacts): Explanation {
    const passed: Explanation['passed'] = [];
    const wish = wishOf(facts);
    if (wish !== null) {
      const why = `the variable rst_record is ${JSON.stringify(wish.value)}`;
      return { decision: unruled(wish.action, why), passed };
    }
    for (const [index, { rule, match }] of this.#rules.entries()) {
      const { matches, why } = match.judge(facts);
      if (matches) return { decision: decisionOf(rule, index, why, facts.uuid), passed };
      passed.push({ index, name: rule.name, why });
    }
    return { decision: this.#withoutRule(facts), passed };
  }

  #withoutRule(facts: ChannelFacts): Decision {
    const leg = legOf(facts);
    if (this.#legs === 'both' || this.#legs === leg)
      return unruled('record', 'no rule matches; every answered call is recorded');
    return unruled(
      'skip',
      `no rule matches, and this is ${leg === 'a' ? 'an A' : 'a B'} leg while trigger.legs is ${JSON.stringify(this.#legs)}`,
    );
  }
}

/** `rule 2 "support"` */
export function formatRuleName({ index, name }: RuleName): string {
  return `rule ${index + 1}${name === null ? '' : ` ${JSON.stringify(name)}`}`;
}

function unruled(action: Action, why: string): Decision {
  return { action, formats: null, rule: null, why };
}

function decisionOf(
  { name, action, samplePercent, formats }: Rule,
  index: number,
  why: string,
  uuid: string,
): Decision {
  const rule = { index, name };
  const matches = `${formatRuleName(rule)} matches: ${why}`;
  if (action === 'skip') return { action, formats: null, rule, why: matches };
  if (samplePercent === null) return { action, formats, rule, why: matches };
  return isSampled(uuid, samplePercent)
    ? { action, formats, rule, why: `${matches}; its sample of ${samplePercent}% has this call` }
    : {
        action: 'skip',
        formats: null,
        rule,
        why: `${matches}; its sample of ${samplePercent}% does not have this call`,
      };
}
