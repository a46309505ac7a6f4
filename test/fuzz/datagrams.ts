import type { LegName } from '../../src/protocol/index.ts';
import { readCaptureFile } from '../support/capture-file.ts';
import { Dice } from './dice.ts';

/**
 * Who sends: one of the addresses that the daemon takes calls from, or one outside of `server.allow`.
 * The live calls are of `neighbour`; whatever names one of them comes from a `stranger`.
 */
export type Sender = 'neighbour' | 'neighbour-2' | 'stranger' | 'stranger-2' | 'refused';

/** Where to: a port that is known by its part only, so that a datagram is the same in every run. */
export type Target =
  | { to: 'control' }
  | { to: 'live-leg'; call: number; leg: LegName }
  /** The ports of a call that the fuzz itself has opened; the control port where it has none. */
  | { to: 'own-leg'; uuid: string; leg: LegName };

export const KINDS = [
  'random',
  'verb',
  'mutated',
  'inv',
  'ack',
  'bye',
  'data',
  'leg-data',
  'leg-garbage',
] as const;
export type Kind = (typeof KINDS)[number];

export interface FuzzDatagram {
  kind: Kind;
  from: Sender;
  target: Target;
  bytes: Buffer;
}

/** So many calls run beside it; their UUIDs follow from the seed. */
export const LIVE_CALLS = 10;
/** The fuzz opens calls of so many UUIDs at a time, and of others when so many datagrams have gone by. */
const OWN_UUIDS = 24;
const OWN_UUIDS_FOR = 25_000;

const CAPTURES = ['perleg-pcmu', 'perleg-l16-48k', 'single-port-g729', 'duplicate-inv'];
let fixtures: { control: Buffer[]; data: Buffer[]; uuids: string[] } | null = null;

export function liveUuid(seed: number, call: number): string {
  const hex = new Dice(seed, 0x11fe, call).bytes(16).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The datagram of that seed and index; nothing else counts. */
export function datagramAt(seed: number, index: number): FuzzDatagram {
  const dice = new Dice(seed, index);
  const kind = kindOf(dice);
  const own = `fuzz-${Math.floor(index / OWN_UUIDS_FOR)}-${dice.upTo(OWN_UUIDS)}`;
  const isOfLive = dice.onceIn(3);
  const context = { dice, seed, own, uuid: isOfLive ? liveUuid(seed, dice.upTo(LIVE_CALLS)) : own };
  const { bytes, target } = MAKERS[kind](context);
  return { kind, from: senderOf(context, isOfLive), target, bytes };
}

interface Context {
  dice: Dice;
  seed: number;
  /** Of this fuzz, and the one to use: that or a live call's. */
  own: string;
  uuid: string;
}

type Made = Pick<FuzzDatagram, 'bytes' | 'target'>;

const CONTROL: Target = { to: 'control' };

const MAKERS: Record<Kind, (context: Context) => Made> = {
  random: ({ dice }) => ({ bytes: dice.bytes(anySize(dice)), target: CONTROL }),
  verb: ({ dice }) => {
    const rest = dice.onceIn(2) ? dice.bytes(anySize(dice)) : Buffer.from(anyText(dice));
    const bytes = Buffer.concat([Buffer.from(anyVerb(dice)), rest]);
    return { bytes, target: CONTROL };
  },
  mutated,
  inv: ({ dice, uuid }) => ({ bytes: anyInv(dice, uuid), target: CONTROL }),
  ack: ({ dice, uuid }) => {
    const fields = ['ACK ', uuid, anyPort(dice), anyPort(dice), 'seq=1'];
    return { bytes: joined(dice, fields.slice(0, 2 + dice.upTo(4))), target: CONTROL };
  },
  bye: ({ dice, uuid }) => {
    const name = dice.onceIn(4) ? anyUuid(dice) : uuid;
    return {
      bytes: joined(dice, ['BYE ', name, ...(dice.onceIn(8) ? ['x'] : [])]),
      target: CONTROL,
    };
  },
  data: ({ dice, uuid }) => ({ bytes: anyData(dice, uuid), target: CONTROL }),
  'leg-data': (context) => {
    const { dice, own, uuid } = context;
    const leg = dice.pick(['R', 'W'] as const);
    if (uuid === own && dice.onceIn(2))
      return { bytes: anyData(dice, own), target: { to: 'own-leg', uuid: own, leg } };
    return { bytes: anyData(dice, uuid), target: liveLeg(dice) };
  },
  'leg-garbage': ({ dice, uuid }) => {
    const bytes = dice.onceIn(2) ? dice.bytes(dice.upTo(400)) : mutate(dice, anyData(dice, uuid));
    return { bytes: bytes.subarray(0, MAX_LEG_BYTES), target: liveLeg(dice) };
  },
};

const WEIGHTS: Record<Kind, number> = {
  random: 10,
  verb: 8,
  mutated: 25,
  // Few: each call that one opens leaves files.
  inv: 1,
  ack: 4,
  bye: 5,
  data: 22,
  'leg-data': 15,
  'leg-garbage': 10,
};

function kindOf(dice: Dice): Kind {
  let left = dice.upTo(100);
  for (const kind of KINDS) {
    left -= WEIGHTS[kind];
    if (left < 0) return kind;
  }
  return 'random';
}

function senderOf({ dice }: Context, isOfLive: boolean): Sender {
  if (dice.onceIn(50)) return 'refused';
  const strangers = ['stranger', 'stranger-2'] as const;
  if (isOfLive) return dice.pick(strangers);
  return dice.pick(['neighbour', 'neighbour-2', ...strangers] as const);
}

/** A real datagram with the UUID of a call of now, changed at a few places. */
function mutated({ dice, own, uuid }: Context): Made {
  fixtures ??= readFixtures();
  const isControl = dice.onceIn(10);
  const original = dice.pick(isControl ? fixtures.control : fixtures.data);
  const text = original.toString('latin1');
  const known = fixtures.uuids.find((name) => text.includes(name)) ?? '';
  // An INV is of the fuzz's own few: each call that it opens leaves files.
  const name = dice.onceIn(4) && !isControl ? known : uuid;
  const renamed = Buffer.from(text.replace(known, name), 'latin1');
  const bytes = mutate(dice, renamed, isControl ? 'INV :'.length + name.length : 0);
  if (dice.onceIn(3))
    return {
      bytes: bytes.subarray(0, MAX_LEG_BYTES),
      target: uuid === own ? CONTROL : liveLeg(dice),
    };
  return { bytes, target: CONTROL };
}

/** One to six changes behind the first `from` bytes. */
function mutate(dice: Dice, original: Buffer, from = 0): Buffer {
  let bytes = Buffer.from(original);
  for (let changes = 1 + dice.upTo(6); changes > 0; changes--) {
    const at = Math.min(from + dice.upTo(Math.max(1, Math.min(bytes.length, 90))), bytes.length);
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (dice.upTo(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << dice.upTo(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = dice.pick([0, 0x0a, 0x0d, 0x20, 0x3a, 0x2c, 0x30, 0xff]);
        break;
      case 2:
        bytes = Buffer.concat([before, dice.bytes(1 + dice.upTo(8)), behind]);
        break;
      case 3:
        bytes = Buffer.concat([before, behind.subarray(1 + dice.upTo(8))]);
        break;
      case 4:
        bytes = Buffer.from(before);
        break;
      case 5:
        bytes = Buffer.concat([before, Buffer.from(dice.pick([':', '::', ',', '%', '%3A', '=']))]);
        bytes = Buffer.concat([bytes, behind]);
        break;
      case 6:
        bytes = Buffer.concat([bytes, behind.subarray(0, 200)]);
        break;
    }
  }
  return bytes;
}

function anyInv(dice: Dice, uuid: string): Buffer {
  const fields = ['INV ', uuid, anyParty(dice), anyParty(dice)];
  if (!dice.onceIn(4)) fields.push(anyPort(dice), anyPort(dice));
  if (dice.onceIn(2)) fields.push(anyExtension(dice));
  if (dice.onceIn(12)) fields.push(anyText(dice));
  if (dice.onceIn(12)) fields.length = 1 + dice.upTo(fields.length);
  return joined(dice, fields);
}

function anyData(dice: Dice, uuid: string): Buffer {
  const size = dice.onceIn(8)
    ? dice.upTo(1300)
    : dice.pick([0, 1, 20, 80, 159, 160, 160, 161, 320, 960]);
  const payload = dice.bytes(size);
  const length = dice.pick([
    String(size),
    '',
    '-1',
    '1409393512',
    '9'.repeat(41),
    'x',
    `${size},${dice.bits()},${dice.bits()}`,
    `${size},${dice.upTo(100)},${dice.upTo(100) * 160}`,
    `${size},4294967295,4294967295`,
    `${size},4294967296,0`,
    `${size},,`,
    `${size},1`,
  ]);
  const type = dice.pick([
    '00',
    '00',
    '08',
    '18',
    '04',
    '10',
    '10',
    '',
    '0',
    '000',
    '99',
    '9999',
    'x',
  ]);
  const name = dice.onceIn(20) ? anyUuid(dice) : uuid;
  const fields = [
    dice.onceIn(30) ? 'DATA ' : 'DATA',
    name,
    dice.pick(['R', 'W', 'R', 'W', 'X', '', 'RW']),
  ];
  return Buffer.concat([Buffer.from(`${[...fields, type, length].join(':')}:`, 'latin1'), payload]);
}

function anyParty(dice: Dice): string {
  return dice.onceIn(2) ? String(dice.upTo(1e9)) : anyText(dice);
}

/** Texts that something on the way may not bear. */
function anyText(dice: Dice): string {
  return dice.pick([
    '',
    '../../../../etc/passwd',
    '/',
    '..',
    '.',
    '%00%2e%2e%2f',
    '%3A%25%0A%zz%',
    '{uuid}{caller}',
    '\0',
    '\u202e\u0000\u0007\u001b[31m',
    '张三',
    '\ud83d\udcde',
    '__proto__',
    'constructor',
    'x'.repeat(dice.upTo(1500)),
    ':'.repeat(dice.upTo(40)),
    'seq=1',
    '\r\n',
    dice.bytes(dice.upTo(40)).toString('latin1'),
  ]);
}

function anyUuid(dice: Dice): string {
  const size = dice.pick([0, 1, 127, 128, 129, 400]);
  return dice.pick([anyText(dice), 'u'.repeat(size), `unknown-${dice.upTo(1000)}`]);
}

function anyPort(dice: Dice): string {
  return dice.pick([
    ...['', '0', '1', '65535', '65536', '-1', '000080', '9e3', ' 80', '99999999999', 'x'],
    ...Array.from({ length: 9 }, () => String(1024 + dice.upTo(60_000))),
  ]);
}

function anyExtension(dice: Dice): string {
  const pairs = Array.from({ length: dice.upTo(6) }, () =>
    dice.pick([
      'seq=1',
      'seq=1',
      'seq=2',
      'ptime=20',
      'ptime=0',
      'ptime=99999',
      'rate=16000',
      'rate=0',
      'rate=999999',
      'box=fs1',
      `box=${anyText(dice)}`,
      'auth=x',
      'meta=%',
      '=',
      '==',
      `${anyText(dice)}=`,
    ]),
  );
  return pairs.join(',');
}

function anyVerb(dice: Dice): string {
  return dice.pick([
    'INV :',
    'ACK :',
    'BYE :',
    'DATA:',
    'INV',
    'DATA',
    'INV  :',
    'bye :',
    'BYE',
    ':',
  ]);
}

/** Beyond an Ethernet frame now and then, up to all that UDP carries. */
function anySize(dice: Dice): number {
  if (dice.onceIn(500)) return dice.pick([9000, 30_000, 65_000]);
  return dice.onceIn(4) ? dice.upTo(1500) : dice.upTo(200);
}

/** The receive buffer of a leg port is the system's usual one: what is sent there must not fill it. */
const MAX_LEG_BYTES = 1400;

function liveLeg(dice: Dice): Target {
  return { to: 'live-leg', call: dice.upTo(LIVE_CALLS), leg: dice.pick(['R', 'W'] as const) };
}

function joined(dice: Dice, fields: readonly string[]): Buffer {
  const end = dice.onceIn(5) ? dice.pick(['\0', '\r\n', '\n', ' ', '\0\0\0']) : '';
  return Buffer.from(fields.join(':') + end, dice.onceIn(2) ? 'utf8' : 'latin1');
}

function readFixtures(): NonNullable<typeof fixtures> {
  const captures = CAPTURES.map(readCaptureFile);
  const all = captures.flatMap(({ datagrams }) => datagrams.map(({ bytes }) => bytes));
  const isData = (bytes: Buffer) => bytes.toString('latin1', 0, 4) === 'DATA';
  return {
    control: all.filter((bytes) => !isData(bytes)),
    data: all.filter(isData),
    uuids: captures.map(({ uuid }) => uuid),
  };
}
