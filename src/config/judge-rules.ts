import type { Finding } from './finding.ts';
import type { Config } from './schema.ts';

type Rule = Config['rules'][number];

/** Looks for rules that contradict themselves, and for those that no call ever gets to. */
export function judgeRules({ rules, trigger }: Pick<Config, 'rules' | 'trigger'>): Finding[] {
  const findings: Finding[] = [];
  const legsOf = (rule: Rule) => rule.legs ?? trigger.legs;
  for (const [index, rule] of rules.entries()) {
    if (rule.action === 'skip' && rule.samplePercent !== null)
      findings.push({
        path: ['rules', index, 'sample'],
        kind: 'refused',
        text: 'stands beside action = "skip", must stand in a rule that records: it says how many of the calls are',
      });
    const catchAll = rules.findIndex(
      (other) => isWithoutPatterns(other) && ['both', legsOf(rule)].includes(legsOf(other)),
    );
    if (catchAll >= 0 && catchAll < index)
      findings.push({
        path: ['rules', index],
        kind: 'doubtful',
        text: `no call gets to this rule, because rules[${catchAll}] has no patterns and so matches every one; put it before that`,
      });
  }
  return findings;
}

function isWithoutPatterns({ patterns, variables }: Rule): boolean {
  return variables.length === 0 && Object.values(patterns).every((list) => list === undefined);
}
