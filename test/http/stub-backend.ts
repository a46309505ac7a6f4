import type { Backend, BoxStatus, LiveCall } from '../../src/http/index.ts';

/** A call that is recorded, with what a test says of it. */
export function liveCall(facts: Partial<LiveCall> = {}): LiveCall {
  return {
    uuid: '6f1c3a7e-58b0-4a13-9d2e-0c4b8f7a9e21',
    box: 'fs1',
    caller: '13800001111',
    callee: '95001',
    direction: 'inbound',
    startedAt: '2026-03-09T09:05:02.123Z',
    ageMs: 65_000,
    state: 'active',
    source: { address: '192.0.2.1', port: 40_000 },
    tracks: {
      R: { codec: 'PCMU', packets: 3250, lastPacketMs: 12, levelDb: -18.4 },
      W: { codec: 'PCMU', packets: 3249, lastPacketMs: 8, levelDb: null },
    },
    ...facts,
  };
}

export function boxStatus(facts: Partial<BoxStatus> = {}): BoxStatus {
  return {
    name: 'fs1',
    host: '192.0.2.1',
    port: 8021,
    state: 'ready',
    since: '2026-03-09T09:00:00.000Z',
    lastError: null,
    channels: 2,
    calls: 1,
    coreUuid: '0c4b8f7a-58b0-4a13-9d2e-6f1c3a7e9e21',
    version: '1.10.12',
    advertised: '192.0.2.9:9527',
    ...facts,
  };
}

/** A daemon with one call and one box, which does what it is told and says so. */
export function stubBackend(parts: Partial<Backend> = {}): Backend {
  return {
    calls: async () => [liveCall()],
    tap: async (uuid, box) => `${uuid} is tapped on ${box ?? 'the box that has it'}.`,
    stop: async (uuid) => `The recording of ${uuid} has ended.`,
    boxes: () => [boxStatus()],
    reload: async () => ['rules: 2 instead of 1'],
    status: () => ({
      version: '1.2.3',
      node: 'recorder-1',
      startedAt: '2026-03-09T09:00:00.000Z',
      uptimeMs: 367_123,
      control: '0.0.0.0:9527',
      calls: 1,
    }),
    health: async () => ({
      status: 'well',
      checks: [
        { name: 'workers', status: 'ok', found: '2 of 2 answer', isCuredByRestart: true },
        { name: 'box fs1', status: 'warning', found: 'waiting', isCuredByRestart: false },
      ],
    }),
    ...parts,
  };
}
