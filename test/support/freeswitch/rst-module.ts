import type { FakeChannel } from './fake-channel.ts';
import { ownRstStop, ownUuidRst } from './own-module.ts';
import type { TapTarget } from './switchboard.ts';

/**
 * `prebuilt`: the shipped binary, which prints nothing. `fixed`: one that says what it did. `own`: that in
 * mod_rst/, which also says in events what becomes of its taps.
 */
export type ModuleKind = 'none' | 'prebuilt' | 'fixed' | 'own';

export interface ModuleWorld {
  /** Up and by this UUID, or `undefined`. */
  find(uuid: string): FakeChannel | undefined;
  /** False where a fault keeps the bug away. */
  startTap(channel: FakeChannel, target: TapTarget | null): void;
  stopTaps(channel: FakeChannel): void;
  /** Where a tap goes whose command names no address: `rst.conf.xml`. */
  readonly ownTarget: TapTarget | null;
}

const NOT_FOUND = Symbol('not found');
export type ApiResult = string | typeof NOT_FOUND;

/** As switch_api_execute where no such api is, and where an api ends with anything but success. */
export const API_NOT_FOUND: typeof NOT_FOUND = NOT_FOUND;

/** The apis of mod_rst, word by word as they were recorded. */
export function uuidRst(kind: ModuleKind, args: string[], world: ModuleWorld): ApiResult {
  const [uuid = '', host, port] = args;
  if (kind === 'none') return NOT_FOUND;
  if (kind === 'own') return ownUuidRst(args, world);
  const channel = world.find(uuid);
  if (kind === 'prebuilt') {
    if (!channel || host === undefined || port === undefined) return NOT_FOUND;
    // Only these names: for any other it says the same, and does nothing.
    if (/^sofia\/(internal\/|external)/.test(channel.profile.name))
      world.startTap(channel, targetOf(host, port));
    return '';
  }
  if (uuid === '') return FIXED_USAGE;
  if (!channel) return '-ERR No such channel!\n';
  if (host !== undefined && !isPort(port)) return FIXED_USAGE;
  if (channel.taps.size > 0) return '-ERR already running\n';
  world.startTap(channel, host === undefined ? world.ownTarget : targetOf(host, port));
  return '+OK Success\n';
}

export function rstStop(kind: ModuleKind, args: string[], world: ModuleWorld): ApiResult {
  const [uuid = ''] = args;
  if (kind === 'none') return NOT_FOUND;
  if (kind === 'own') return ownRstStop(args, world);
  const channel = world.find(uuid);
  if (kind === 'prebuilt') {
    if (!channel) return NOT_FOUND;
    channel.isLeaking = true;
    world.stopTaps(channel);
    return '';
  }
  if (uuid === '') return '-USAGE: <uuid>\n';
  if (!channel) return '-ERR No such channel!\n';
  if (channel.taps.size === 0) return '-ERR not running\n';
  world.stopTaps(channel);
  return '+OK Success\n';
}

/** `uuid_buglist` of a channel that is there (switch_core_media_bug_enumerate). */
export function bugList(kind: ModuleKind, channel: FakeChannel): string {
  const bug = kind === 'fixed' ? 'rst_fixed' : 'rst';
  const entry = ` <media-bug>\n  <function>${bug}</function>\n  <target>N/A</target>\n  <thread-locked>0</thread-locked>\n </media-bug>\n`;
  return `<media-bugs>\n${entry.repeat(channel.taps.size)}</media-bugs>\n`;
}

const FIXED_USAGE = '-USAGE: <uuid> [<ip> <port>] [native|l16]\n';

function isPort(port: string | undefined): boolean {
  return port !== undefined && /^\d+$/.test(port);
}

/** A port that is no number is accepted by the prebuilt module; nothing can arrive anywhere then. */
function targetOf(host: string, port: string | undefined): TapTarget | null {
  return isPort(port) ? { host, port: Number(port) } : null;
}
