import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { CallLimits } from '../../src/call/idle-clock.ts';
import { CallRegistry, Channels, type EndedCall, type UntappedCall } from '../../src/call/index.ts';
import {
  AllowList,
  type CallStats,
  type MediaSummary,
  type OpenCall,
  Peers,
  type ReservedPair,
  type Source,
  type SourceLockMode,
  type SourceRates,
} from '../../src/capture/index.ts';
import { createLog } from '../../src/log.ts';
import {
  DataHeader,
  formatControl,
  formatData,
  type PortPair,
  parseData,
} from '../../src/protocol/index.ts';

export const TAP: Source = { address: '10.0.0.5', port: 40_000 };
export const SECOND: Source = { address: '10.0.0.5', port: 40_100 };
export const STRANGER: Source = { address: '10.9.9.9', port: 40_000 };
export const PORTS: PortPair = { readPort: 30_000, writePort: 30_002 };
const LIMITS: CallLimits = { idleTimeoutMs: 60_000, noMediaTimeoutMs: 30_000, maxDurationMs: 0 };

const TRACK = {
  codec: 'PCMU',
  payloadTypes: [0],
  ptimeMs: 20,
  sampleRate: 8000,
  packets: 5,
  bytes: 800,
  samples: 800,
  gaps: [],
  unwritten: [],
  lostPackets: 0,
  driftCorrections: [],
  dropped: {},
};
export const MEDIA: MediaSummary = {
  durationMs: 100,
  tracks: { R: TRACK, W: TRACK },
  recording: { segment: 1, stem: 's', journalPath: null, files: [], warnings: [] },
  masks: [],
  warnings: [],
};

interface Ended {
  callId: number;
  endNs: number | null;
  drainMs: number;
}

/** Pairs are given as `pairs` says; 'later' keeps the asker waiting. */
class FakePool {
  pairs: 'at once' | 'none' | 'later' = 'at once';
  readonly asking: ((pair: ReservedPair | null) => void)[] = [];
  readonly opened: { call: OpenCall; pair: ReservedPair | null }[] = [];
  readonly delivered: { callId: number; text: string }[] = [];
  readonly ended: Ended[] = [];
  readonly resumable: boolean[] = [];
  readonly unwatched: number[] = [];
  readonly tags: { callId: number; artist: string }[] = [];
  stats = async (): Promise<CallStats[]> => [];
  readonly legs: { callId: number; isOpen: boolean }[] = [];
  #last = 0;

  reservePair(answer: (pair: ReservedPair | null) => void): void {
    if (this.pairs === 'later') this.asking.push(answer);
    else answer(this.pairs === 'none' ? null : this.pair());
  }

  pair(): ReservedPair {
    const pairId = ++this.#last;
    const readPort = 10_000 + 2 * pairId;
    return { pairId, readPort, writePort: readPort + 1, thread: null as never };
  }

  open(call: OpenCall, pair: ReservedPair | null): void {
    this.opened.push({ call, pair });
  }

  deliver(callId: number, _arrivalNs: number, _lagNs: number, datagram: Uint8Array): void {
    this.delivered.push({ callId, text: Buffer.from(datagram).toString() });
  }

  setLegs(callId: number, isOpen: boolean): void {
    this.legs.push({ callId, isOpen });
  }

  setTags(callId: number, { artist }: OpenCall['tags']): void {
    this.tags.push({ callId, artist });
  }

  end(callId: number, endNs: number | null, drainMs: number, mayResume: boolean): void {
    this.ended.push({ callId, endNs, drainMs });
    this.resumable.push(mayResume);
  }

  /** What the worker finds at the ports of a call before it says that it has looked. */
  found: (callId: number) => void = () => {};

  look(callId: number, then: () => void): void {
    this.found(callId);
    then();
  }

  unwatch(callId: number): void {
    this.unwatched.push(callId);
  }
}

/** A registry whose pool, clock and files are made up. */
export function openRegistry(
  t: TestContext,
  limits: Partial<CallLimits & { maxCalls: number }> = {},
  options: { sourceLock?: SourceLockMode; rates?: SourceRates } = {},
) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = { ns: 1e9 };
  const pool = new FakePool();
  const sent: string[] = [];
  const archived: EndedCall[] = [];
  const untapped: UntappedCall[] = [];
  const channels = new Channels();
  const overflows = { packets: 0 };
  const began: string[] = [];
  const caughtUp: string[] = [];
  const noted = new Map<string, string>();
  const lines: { msg: string; uuid?: string; level: string; dropped?: Record<string, number> }[] =
    [];
  const log = createLog({
    level: 'debug',
    maskNumbers: false,
    stream: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  const allow = new AllowList(['10.0.0.0/8']);
  const peers = new Peers(allow, options.rates);
  const registry = new CallRegistry({
    node: 'n',
    notes: {
      write: ({ recordId, uuid }) => void noted.set(recordId, uuid),
      remove: ({ recordId }) => void noted.delete(recordId),
    },
    pool,
    send: (message, to) => sent.push(`${formatControl(message)} > ${to.address}:${to.port}`),
    catchUp: (uuid) => void caughtUp.push(uuid),
    overflowsBeside: () => overflows.packets,
    limits: { maxCalls: 1000, ...LIMITS, ...limits },
    sourceLock: options.sourceLock ?? 'address',
    peers,
    allow,
    channels,
    began: (uuid) => began.push(uuid),
    nameOf: ({ uuid }) => `2026-03-01/${uuid}`,
    now: () => clock.ns,
    archive: async (ended) => void archived.push(ended),
    archiveUntapped: async (call) => void untapped.push(call),
    log,
  });
  registry.start();
  const inv = (uuid = 'u', source = TAP, ports: PortPair | null = PORTS) => {
    const message = { kind: 'inv', uuid, caller: '138', callee: '9210', ports } as const;
    peers.received(source.address, 40);
    registry.inv(message, source, clock.ns);
  };
  const bye = (uuid = 'u', source = TAP) => registry.bye({ kind: 'bye', uuid }, source, clock.ns);
  const data = (uuid = 'u', source = TAP, leg: 'R' | 'W' = 'R') => {
    const bytes = formatData(uuid, leg, 0, Buffer.from('x'));
    const header = new DataHeader();
    assert.equal(parseData(bytes, header), 'data');
    registry.data(header, bytes, source, clock.ns, 0);
  };
  /** What was sent since the last look. */
  const takeSent = () => sent.splice(0);
  /** Lets time pass, and the registry's interval with it. */
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 250) {
      clock.ns += Math.min(left, 250) * 1e6;
      t.mock.timers.tick(Math.min(left, 250));
    }
  };
  const warnings = () => lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
  /** The totals of the last line about drops, those that are not 0. */
  const drops = () => {
    registry.reportDrops();
    const all = lines.findLast(({ dropped }) => dropped)?.dropped ?? {};
    return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
  };
  /** UUIDs of the calls that a further server would learn of. */
  const notes = () => [...noted.values()];
  return {
    registry,
    notes,
    pool,
    clock,
    channels,
    began,
    caughtUp,
    untapped,
    archived,
    lines,
    drops,
    overflows,
    inv,
    bye,
    data,
    takeSent,
    pass,
    warnings,
  };
}
