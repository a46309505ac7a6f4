/** What the API shows and does: the daemon, or whatever stands for it in a test. */
export interface Backend {
  /** Every call that is being recorded now. */
  calls(): Promise<LiveCall[]>;
  /**
   * Has the channel tapped, on the box where it is or on the one that is named; says what was done.
   *
   * @throws RstError RST_NOT_FOUND (channel, box), RST_CONFLICT (it is tapped), RST_NOT_REACHABLE (the
   *   box is), RST_ESL (what it answered)
   */
  tap(uuid: string, box?: string): Promise<string>;
  /** Ends the recording of a call for good; says what was done. Throws `RST_NOT_FOUND`. */
  stop(uuid: string): Promise<string>;
  boxes(): BoxStatus[];
  /**
   * Reads the configuration again and applies what can be without touching a call; says what changed,
   * one sentence each. Throws `RST_CONFIG`, one line for each problem, and leaves everything as it was.
   */
  reload(): Promise<string[]>;
  status(): DaemonStatus;
}

/** A call while it is recorded. */
export interface LiveCall {
  uuid: string;
  segment?: number | null;
  box: string | null;
  /** What the caller sent, any characters. */
  caller: string;
  callee: string;
  direction: string | null;
  /** RFC 3339. */
  startedAt: string;
  ageMs: number;
  state: string;
  /** Where its tap sends from. */
  source: { address: string; port: number };
  tracks: { R: LiveTrack; W: LiveTrack };
}

export interface LiveTrack {
  codec: string | null;
  packets: number;
  /** How long ago the last packet came. */
  lastPacketMs: number | null;
  /** dBFS, RMS of the last 100 ms or so; null where nothing was measured. */
  levelDb: number | null;
}

/** How the daemon stands with a FreeSWITCH. */
export interface BoxStatus {
  name: string;
  host: string;
  port: number;
  state: string;
  /** Since when it has been in this state, RFC 3339. */
  since: string;
  lastError: string | null;
  channels: number;
  calls?: number;
  coreUuid: string | null;
  version: string | null;
  /** `IP:PORT` that its taps are told to send to. */
  advertised: string | null;
}

export interface DaemonStatus {
  version: string;
  node: string;
  /** RFC 3339. */
  startedAt: string;
  uptimeMs: number;
  /** `HOST:PORT` of the control port. */
  control: string;
  /** How many calls are being recorded. */
  calls: number;
}
