import type { Faults } from './faults.ts';
import type { ModuleKind } from './rst-module.ts';
import type { TapTarget } from './switchboard.ts';
import type { TapMediaOptions } from './tap-media.ts';

export interface FakeFreeswitchOptions {
  /** By default one that is free. */
  port?: number;
  /** `ClueCon` by default. */
  password?: string;
  /** For userauth: `USER@DOMAIN` to password. */
  users?: Record<string, string>;
  /** `prebuilt` by default. */
  module?: ModuleKind;
  /** By default `mod_rst` and, for the fixed one, `mod_rst_fixed`. */
  moduleNames?: Partial<Record<'prebuilt' | 'fixed', string>>;
  /** Where `uuid_rst UUID` without an address sends (`rst.conf.xml`). */
  ownTarget?: TapTarget;
  /** From one HEARTBEAT to the next; without it there is none but those asked for. */
  heartbeatMs?: number;
  taps?: TapMediaOptions;
  faults?: Partial<Faults>;
}

/** One command as it came, without the headers below it. */
export interface Received {
  connection: number;
  text: string;
}

/** How a FreeSWITCH ends: `fsctl shutdown`, or a process that is killed. */
export type StopKind = 'shutdown' | 'crash';
