import type { Config } from '../config/index.ts';

/** A capture server that was started for a check. */
export interface TrialServer {
  readonly controlPort: number;
  /** Stops it, and removes whatever it has written. */
  close(): Promise<void>;
}

/** What the checks look at. */
export interface Surroundings {
  config: Config;
  platform: NodeJS.Platform;
  /** A file of the system such as those in `/proc`; null where it can't be read. */
  systemFile(path: string): Promise<string | null>;
  /** What a program of the system prints on stdout; null where it is missing or fails. */
  systemCommand(file: string, args: readonly string[]): Promise<string | null>;
  /** A server with this configuration whose recordings go to a temporary folder and which knows of no FreeSWITCH. */
  startServer(config: Config): Promise<TrialServer>;
  /** Wall clock, milliseconds. */
  nowMs(): number;
  /** Ends the checks early; what they have opened or written is gone all the same. */
  signal: AbortSignal;
}
