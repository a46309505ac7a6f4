import { channelsJson } from './channel-row.ts';
import { jsonText, plainText } from './event-frame.ts';
import type { FakeChannel } from './fake-channel.ts';
import type { Field } from './field.ts';
import { rstStatus } from './own-module.ts';
import {
  API_NOT_FOUND,
  type ApiResult,
  bugList,
  type ModuleKind,
  type ModuleWorld,
  rstStop,
  uuidRst,
} from './rst-module.ts';

/** What the apis look at and change. */
export interface ApiWorld extends ModuleWorld {
  module: ModuleKind;
  readonly moduleNames: Record<Exclude<ModuleKind, 'none'>, string>;
  readonly coreUuid: string;
  /** All that `show channels` lists. */
  listed(): FakeChannel[];
  status(): string;
  /** What stands in front of every event. */
  eventHead(name: string, place: string): Field[];
}

type Api = (args: string[], world: ApiWorld) => ApiResult;

const NO_CHANNEL = '-ERR No such channel!\n';

const APIS: Record<string, Api> = {
  uuid_rst: (args, world) => uuidRst(world.module, args, world),
  rst_stop: (args, world) => rstStop(world.module, args, world),
  rst_status: (args, world) => rstStatus(world.module, args, world.listed()),
  uuid_buglist: ([uuid = ''], world) => {
    if (uuid === '') return '-USAGE: <uuid>\n';
    const channel = world.find(uuid);
    return channel ? bugList(world.module, channel) : '';
  },
  uuid_exists: ([uuid = ''], world) => String(world.find(uuid) !== undefined),
  module_exists: ([name = ''], world) => String(isLoaded(name, world)),
  load: ([name = ''], world) => load(name, world),
  unload: ([name = ''], world) => {
    if (!isLoaded(name, world)) return '-ERR [No such module!]\n';
    world.module = 'none';
    return '+OK\n';
  },
  show: (args, world) => {
    const channels = world.listed();
    if (args.join(' ') === 'channels as json') return channelsJson(channels);
    return args.join(' ') === 'channels count' ? `\n${channels.length} total.\n` : '-USAGE: show\n';
  },
  uuid_dump: ([uuid = '', format = 'txt'], world) => {
    if (uuid === '') return '-USAGE: <uuid> [format]\n';
    const channel = world.find(uuid);
    if (!channel) return NO_CHANNEL;
    const head = world.eventHead('CHANNEL_DATA', 'mod_commands.c:uuid_dump_function:6206');
    const fields = [...head, ...channel.fields()];
    return format === 'json' ? jsonText(fields) : plainText(fields);
  },
  uuid_getvar: ([uuid = '', name = ''], world) => {
    if (name === '') return '-USAGE: <uuid> <var>\n';
    const channel = world.find(uuid);
    return channel ? (channel.get(name) ?? '_undef_') : NO_CHANNEL;
  },
  uuid_setvar: ([uuid = '', name = '', ...value], world) => {
    if (name === '') return '-USAGE: <uuid> <var> [value]\n';
    world.find(uuid)?.set(name, Buffer.from(value.join(' '), 'latin1'));
    return world.find(uuid) ? '+OK\n' : NO_CHANNEL;
  },
  uuid_kill: ([uuid = '', cause], world) => {
    if (uuid === '') return '-USAGE: <uuid> [cause]\n';
    return world.find(uuid)?.hangup(cause) ? '+OK\n' : NO_CHANNEL;
  },
  global_getvar: ([name = ''], world) => (name === 'core_uuid' ? world.coreUuid : ''),
  hostname: () => 'pbx',
  status: (_, world) => world.status(),
  version: () => 'FreeSWITCH Version 1.10.12-release~64bit (-release 64bit)\n',
};

/** The result as bytes in a string, or API_NOT_FOUND. */
export function runApi(name: string, argument: string, world: ApiWorld): ApiResult {
  const api = Object.hasOwn(APIS, name) ? APIS[name] : undefined;
  return api ? api(argument.split(' ').filter(Boolean), world) : API_NOT_FOUND;
}

function isLoaded(name: string, { module, moduleNames }: ApiWorld): boolean {
  if (name === 'mod_commands' || name === 'mod_event_socket') return true;
  return module !== 'none' && name === moduleNames[module];
}

function load(name: string, world: ApiWorld): string {
  if (isLoaded(name, world)) return '+OK Reloading XML\n-ERR [Module already loaded]\n';
  const { prebuilt, fixed } = world.moduleNames;
  if (name !== prebuilt && name !== fixed)
    return '+OK Reloading XML\n-ERR [module load file routine returned an error]\n';
  world.module = name === prebuilt ? 'prebuilt' : 'fixed';
  return '+OK Reloading XML\n+OK\n';
}
