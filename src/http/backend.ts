import type { LiveCall } from '../call/index.ts';
import type { BoxStatus } from '../esl/index.ts';
import type { Health } from '../service/index.ts';

/** What the API shows and does: the daemon, or whatever stands for it in a test. */
export interface Backend {
  /** Every call that is being recorded now. */
  calls(): Promise<LiveCall[]>;
  /**
   * Has the channel tapped, on the box where it is or on the one that is named; says what was done.
   *
   * One that is recorded already is no error.
   *
   * @throws RstError RST_NOT_FOUND (channel, box), RST_NOT_REACHABLE (the box is away), RST_ESL (it can't be
   *   tapped, and why)
   */
  tap(uuid: string, box?: string): Promise<string>;
  /** Ends the recording of a call for good; says what was done. Throws `RST_NOT_FOUND`, or `RST_ESL` where the box refuses. */
  stop(uuid: string): Promise<string>;
  boxes(): BoxStatus[];
  /**
   * Reads the configuration again and applies what can be without touching a call; says what changed,
   * one sentence each. Throws `RST_CONFIG`, one line for each problem, and leaves everything as it was.
   */
  reload(): Promise<string[]>;
  status(): DaemonStatus;
  /** Whether calls are recorded now, within seconds. */
  health(): Promise<Health>;
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
