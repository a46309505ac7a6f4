export type { SendOptions } from './options.ts';
export { noiseSamples } from './packet-source.ts';
export { sendCalls } from './send-calls.ts';
export type { SendHooks, SendProgress } from './send-run.ts';
export { parseSource, type SourceSpec } from './source-spec.ts';
export type { CallOutcome, CallSummary, LegSummary, SendSummary, SendTotals } from './summary.ts';
export type { TapState } from './tap-state.ts';
export { parseTarget } from './target.ts';
export type { SendCodec } from './wire-format.ts';
