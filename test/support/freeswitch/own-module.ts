import type { FakeChannel } from './fake-channel.ts';
import type { FakeTap } from './fake-tap.ts';
import { API_NOT_FOUND, type ApiResult, type ModuleKind, type ModuleWorld } from './rst-module.ts';
import type { TapTarget } from './switchboard.ts';

/** The apis of the module in mod_rst/ (mod_rst.c), word by word. */
export function ownUuidRst([uuid = '', ...args]: string[], world: ModuleWorld): string {
  if (uuid === '') return '-ERR usage: uuid_rst UUID [IP PORT] [key=value ...]\n';
  const channel = world.find(uuid);
  if (!channel) return '-ERR no such channel\n';
  const [host, port] = args.filter((arg) => !arg.includes('='));
  if (host !== undefined && !/^[\d.]+$|:/.test(host))
    return `-ERR ip cannot be "${host}": it has to be an address, not a name\n`;
  const target = host === undefined ? world.ownTarget : { host, port: Number(port) };
  if (channel.taps.size > 0) return '-ERR already running\n';
  world.startTap(channel, target);
  return `+OK ${uuid} is tapped to ${target && placeOf(target)}\n`;
}

export function ownRstStop([uuid = '', place]: string[], world: ModuleWorld): string {
  if (uuid === '') return '-ERR usage: rst_stop UUID [IP:PORT]\n';
  const channel = world.find(uuid);
  if (!channel) return '-ERR no such channel\n';
  const taps = [...channel.taps].filter(
    ({ target }) => place === undefined || (target !== null && placeOf(target) === place),
  );
  for (const tap of taps) tap.stop();
  return taps.length > 0 ? `+OK ${uuid} is not tapped any more\n` : '-ERR not running\n';
}

export function rstStatus(kind: ModuleKind, [uuid]: string[], channels: FakeChannel[]): ApiResult {
  if (kind !== 'own') return API_NOT_FOUND;
  const taps = channels.flatMap((channel) => [...channel.taps]);
  const listed = taps.filter((tap) => uuid === undefined || tap.uuid === uuid).map(listing);
  return `${JSON.stringify({ taps: listed })}\n`;
}

/** What the sender of `rst::start` and its like says of where a tap goes. */
export function placeOf({ host, port }: TapTarget): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function listing({ uuid, target, state }: FakeTap) {
  return { uuid, destination: target && placeOf(target), state };
}
