import type { SessionState } from './session-state.ts';

/** What `rst-server boxes` says of one FreeSWITCH. */
export interface BoxStatus {
  name: string;
  host: string;
  port: number;
  state: SessionState;
  /** Since when it is in that state, RFC 3339. */
  since: string;
  /** Why it is not connected, or why it last was not. */
  lastError: string | null;
  /** Answered channels that have not hung up. */
  channels: number;
  /** Those that are recorded. */
  calls: number;
  coreUuid: string | null;
  version: string | null;
  /** `192.0.2.5:9527`, where its taps are told to send; null before it was ever connected. */
  advertised: string | null;
}
