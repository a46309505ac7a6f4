/** What a recording can be written as (`records.formats`). */
export type RuleFormat = 'wav' | 'pcm' | 'raw' | 'stereo';

/** Which channels of a call count (`trigger.legs`). */
export type Legs = 'a' | 'b' | 'both';

/** What a rule can have patterns for. */
export type RuleSubject =
  | 'caller'
  | 'callee'
  | 'direction'
  | 'context'
  | 'profile'
  | 'gateway'
  | 'domain'
  | 'accountCode'
  | 'box';

/** One of `[[rules]]`, as the configuration gives it. */
export interface Rule {
  name: string | null;
  /** Any value is right of what has no patterns. */
  patterns: { readonly [Subject in RuleSubject]?: readonly string[] | undefined };
  variables: readonly { name: string; patterns: readonly string[] }[];
  action: 'record' | 'skip';
  /** How many of the calls that match are recorded, 0 to 100; null: all. */
  samplePercent: number | null;
  /** null: `records.formats`. */
  formats: readonly RuleFormat[] | null;
  /** null: `trigger.legs`. */
  legs: Legs | null;
}
