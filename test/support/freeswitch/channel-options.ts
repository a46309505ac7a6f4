import type { FakeChannel } from './fake-channel.ts';
import { type ByteText, byteText } from './field.ts';

export type Text = string | Uint8Array;

/** A channel to come. What is left out is an inbound call as in the recorded transcripts. */
export interface ChannelOptions {
  uuid?: string;
  direction?: 'inbound' | 'outbound';
  /** Any bytes: strings are UTF-8, buffers go out as they are (up to the first NUL). */
  callerName?: Text;
  callerNumber?: Text;
  /** `Caller-Destination-Number`. */
  callee?: Text;
  calleeName?: Text;
  context?: string;
  /** The sofia profile, part of the name too. */
  profile?: string;
  /** Sets `variable_sip_gateway_name`. */
  gateway?: string;
  /** Sets `variable_accountcode`. */
  accountCode?: string;
  /** `sofia/PROFILE/NUMBER@127.0.0.1` by default; `loopback/…` channels cannot be tapped. */
  name?: string;
  codec?: string;
  /** Without the prefix `variable_`; they replace recorded ones of the same name. */
  variables?: Record<string, Text>;
  /** As many more variables as it takes to have at least so many headers in CHANNEL_ANSWER. */
  headerCount?: number;
  /** Whose B leg this is. A channel that an API originated has none, though it is outbound. */
  originator?: FakeChannel;
  /** The dialplan starts a tap by itself as soon as the channel is answered (`execute_on_answer=rst …`). */
  tapOnAnswer?: { host: string; port: number };
}

/** The variables that the options ask for. */
export function variablesOf(options: ChannelOptions): Map<string, ByteText> {
  const { gateway, accountCode, tapOnAnswer, variables = {} } = options;
  const all: Record<string, Text | undefined> = {
    sip_gateway_name: gateway,
    accountcode: accountCode,
    execute_on_answer: tapOnAnswer && `rst ${tapOnAnswer.host} ${tapOnAnswer.port}`,
    ...variables,
  };
  const entries = Object.entries(all).flatMap(([name, value]): [string, ByteText][] =>
    value === undefined ? [] : [[name, byteText(value)]],
  );
  return new Map(entries);
}
