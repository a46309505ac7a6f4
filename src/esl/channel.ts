/** What the policy looks at: a channel of a FreeSWITCH as its events tell it. What they do not tell is `''`. */
export interface ChannelFacts {
  uuid: string;
  /** The name of the box it is on. */
  box: string;
  /** `sofia/internal/1001@192.0.2.1` */
  channelName: string;
  callerName: string;
  callerNumber: string;
  calleeName: string;
  calleeNumber: string;
  direction: 'inbound' | 'outbound' | 'unknown';
  context: string;
  profile: string;
  gateway: string;
  domain: string;
  accountCode: string;
  /** The UUID of the channel that this one was made for (`variable_originator`); only B legs have one. */
  originator: string | null;
  /** A channel variable by its name without `variable_`; undefined where it is not set. */
  variable(name: string): string | undefined;
}

/** The leg a channel is, whatever its direction: a call made by the API has two outbound channels and one A leg. */
export function legOf({ originator }: Pick<ChannelFacts, 'originator'>): 'a' | 'b' {
  return originator === null ? 'a' : 'b';
}
