import type { ChannelInfo } from '../call/index.ts';

/** What the policy looks at: a channel of a FreeSWITCH as its events tell it. What they do not tell is `''`. */
export interface ChannelFacts
  extends Pick<
    ChannelInfo,
    | 'uuid'
    | 'box'
    | 'channelName'
    | 'callerName'
    | 'callerNumber'
    | 'calleeName'
    | 'calleeNumber'
    | 'direction'
    | 'context'
    | 'profile'
    | 'gateway'
    | 'domain'
    | 'accountCode'
    | 'originator'
  > {
  /** A channel variable by its name without `variable_`; undefined where it is not set. */
  variable(name: string): string | undefined;
}

/** The leg a channel is, whatever its direction: a call made by the API has two outbound channels and one A leg. */
export function legOf({ originator }: Pick<ChannelFacts, 'originator'>): 'a' | 'b' {
  return originator === null ? 'a' : 'b';
}
