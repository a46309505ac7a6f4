export type { CheckResult, CheckStatus } from './check.ts';
export { examine } from './examine.ts';
export type { Surroundings, TrialServer } from './surroundings.ts';
