import { type ChannelFacts, legOf } from './channel.ts';
import { PatternList, type PatternVerdict } from './pattern.ts';
import type { Legs, Rule, RuleSubject } from './rule.ts';

/** `why` reads on from "matches" or "does not match". */
export interface RuleVerdict {
  matches: boolean;
  why: string;
}

/** One thing a rule asks for. */
interface Condition {
  label: string;
  patterns: PatternList;
  /** The value; where there are several they are spellings of one. */
  spellings(facts: ChannelFacts): string[];
}

/** Compares channels with one rule. */
export class RuleMatch {
  readonly #legs: Legs;
  readonly #conditions: readonly Condition[];

  /** `legs`: those of `trigger.legs`, for a rule that names none. */
  constructor({ patterns, variables, legs: own }: Rule, legs: Legs) {
    this.#legs = own ?? legs;
    const ofSubjects = SUBJECTS.flatMap(({ subject, label, ignoreCase, spellings }) => {
      const texts = patterns[subject];
      return texts ? [{ label, patterns: new PatternList(texts, { ignoreCase }), spellings }] : [];
    });
    const ofVariables = variables.map(
      ({ name, patterns: texts }): Condition => ({
        label: `variable ${name}`,
        patterns: new PatternList(texts),
        spellings: (facts) => [facts.variable(name) ?? ''],
      }),
    );
    this.#conditions = [...ofSubjects, ...ofVariables];
  }

  judge(facts: ChannelFacts): RuleVerdict {
    const leg = legOf(facts);
    if (this.#legs !== 'both' && this.#legs !== leg)
      return {
        matches: false,
        why: `it looks at ${this.#legs.toUpperCase()} legs, and this is ${leg === 'a' ? 'an A' : 'a B'} leg`,
      };
    const reasons: string[] = [];
    for (const { label, patterns, spellings } of this.#conditions) {
      const values = spellings(facts);
      const verdict = patterns.judge(...values);
      if (verdict.kind !== 'matched')
        return { matches: false, why: describeMiss(label, values[0] ?? '', verdict) };
      reasons.push(`${label} ${quoted(verdict.by)}`);
    }
    return { matches: true, why: reasons.join(', ') || 'every call' };
  }
}

function describeMiss(label: string, value: string, { kind, by }: PatternVerdict): string {
  const text = `${label} is ${shown(value)}`;
  if (kind === 'excluded') return `${text}, which ${quoted(by)} keeps out`;
  return by.length === 1 ? `${text}, not ${quoted(by)}` : `${text}, none of ${quoted(by)}`;
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => JSON.stringify(text)).join(', ');
}

/** A value that a caller may have chosen, short and on one line. */
function shown(value: string): string {
  return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
}

const MAX_SHOWN = 80;

interface Subject {
  subject: RuleSubject;
  /** The key of the configuration. */
  label: string;
  ignoreCase: boolean;
  spellings: Condition['spellings'];
}

const SUBJECTS: readonly Subject[] = [
  subject('caller', (facts) => numberSpellings(facts.callerNumber)),
  subject('callee', (facts) => numberSpellings(facts.calleeNumber)),
  subject('direction', (facts) => [facts.direction]),
  { ...subject('context', (facts) => [facts.context]), ignoreCase: true },
  { ...subject('profile', (facts) => [facts.profile]), ignoreCase: true },
  { ...subject('gateway', (facts) => [facts.gateway]), ignoreCase: true },
  { ...subject('domain', (facts) => [facts.domain]), ignoreCase: true },
  { ...subject('accountCode', (facts) => [facts.accountCode]), label: 'account_code' },
  subject('box', (facts) => [facts.box]),
];

function subject(name: RuleSubject, spellings: Condition['spellings']): Subject {
  return { subject: name, label: name, ignoreCase: false, spellings };
}

/** As given, and without a leading `+`: some carriers send one and some do not. */
function numberSpellings(number: string): string[] {
  return number.startsWith('+') ? [number, number.slice(1)] : [number];
}
