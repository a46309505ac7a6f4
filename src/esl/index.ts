export type { BoxStatus } from './box-status.ts';
export type { Captures } from './captures.ts';
export { type ChannelFacts, legOf } from './channel.ts';
export { Controller, type ControllerOptions, type ControllerSettings } from './controller.ts';
export { EslEvent } from './event.ts';
export { Link, type LinkHandlers } from './link.ts';
export type { LinkOptions } from './link-options.ts';
export type { LinkState } from './link-state.ts';
export {
  type Decision,
  type Explanation,
  formatRuleName,
  Policy,
  type PolicyOptions,
  type RuleName,
} from './policy.ts';
export { CHANNEL_EVENTS } from './roster.ts';
export type { Legs, Rule, RuleFormat } from './rule.ts';
export { parseTapStatus } from './tap-status.ts';
