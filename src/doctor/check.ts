/** How a check came out. */
export type CheckStatus = 'ok' | 'warning' | 'failed';

/** What a check says. */
export interface Verdict {
  status: CheckStatus;
  /** What was found. */
  found: string;
  /** What to do about it; whatever is not ok has it. */
  todo?: string;
}

/** One line of the doctor. */
export interface CheckResult extends Verdict {
  /** What was looked at: `fs1: login`, `media ports`. */
  name: string;
}
