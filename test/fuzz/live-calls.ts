import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ManifestTrack } from '../../src/archive/index.ts';
import { encodeUlaw, parseWav, ULAW_TO_LINEAR } from '../../src/audio/index.ts';
import { type CallSummary, noiseSamples, type SendSummary } from '../../src/send/index.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { LIVE_CALLS, liveUuid } from './datagrams.ts';

export interface LiveCallsSetup {
  port: number;
  uuids: string[];
}

export interface LegPorts {
  R: number;
  W: number;
}

const PACKET_SAMPLES = 160;
/** Lateness of three packets is jitter. */
const JITTER_MS = 60;

/** Calls of noise that go on while everything else happens. */
export class LiveCalls {
  readonly uuids: string[];
  /** The daemon's ports, call by call; null where all goes to the control port. */
  ports: (LegPorts | null)[] = [];
  /** How late this process itself was with a packet, at the worst; known when they have stopped. */
  worstLateMs = 0;
  readonly #daemon: DaemonProcess;
  readonly #thread: Worker;
  readonly #summaries: Promise<SendSummary[]>;

  constructor(daemon: DaemonProcess, seed: number) {
    this.#daemon = daemon;
    this.uuids = Array.from({ length: LIVE_CALLS }, (_, call) => liveUuid(seed, call));
    const setup: LiveCallsSetup = { port: daemon.port, uuids: this.uuids };
    this.#thread = new Worker(new URL('./live-calls-thread.ts', import.meta.url), {
      workerData: setup,
    });
    this.#summaries = once(this.#thread, 'message').then(([sent]) => sent as SendSummary[]);
    this.#summaries.catch(() => {});
  }

  /** Resolves once all of them have their ports and their audio flows. */
  async started(): Promise<void> {
    const lines = await Promise.all(
      this.uuids.map((uuid) =>
        this.#daemon.logged((line) => line.uuid === uuid && line.msg === 'call started'),
      ),
    );
    this.ports = lines.map((line) => {
      const ports = line.ports as { readPort: number; writePort: number } | null;
      return ports && { R: ports.readPort, W: ports.writePort };
    });
    // From the first packet on only the announced ports count.
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  /** Hangs up, and says of each leg that is not what was sent, why. */
  async stop(): Promise<string[]> {
    this.#thread.postMessage('stop');
    const sent = await this.#summaries;
    this.worstLateMs = Math.max(...sent.map(({ totals }) => totals.worstLateMs));
    await Promise.all(this.uuids.map((uuid) => this.#daemon.ended(uuid)));
    const faults = await Promise.all(sent.map((summary, index) => this.#faultsOf(summary, index)));
    return faults.flat();
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  async #faultsOf({ calls, totals }: SendSummary, index: number): Promise<string[]> {
    const { uuid, legs, outcome, bye, seq } = calls[0] as CallSummary;
    const manifest = await this.#daemon.manifest(uuid);
    const faults: string[] = [];
    const expect = (what: string, is: unknown, should: unknown) => {
      if (is !== should) faults.push(`live call ${uuid}: ${what} is ${is}, not ${should}`);
    };
    // The sender's own word for a call that was hung up before its audio was over.
    expect('outcome', outcome, 'aborted');
    expect('BYE answered', bye.acked, true);
    expect('end reason', manifest.endReason, 'bye');
    expect('numbering accepted', seq.accepted, seq.offered);
    for (const [leg, seed] of [
      ['R', 2 * index],
      ['W', 2 * index + 1],
    ] as const) {
      const track = manifest.tracks[leg];
      expect(`${leg}: packets`, track.packets, legs[leg].packets);
      // What a sender does late, and by more than jitter, is a gap where arrival is the only clock.
      if (seq.accepted || totals.worstLateMs < JITTER_MS) {
        expect(`${leg}: lost packets`, track.lostPackets, 0);
        expect(`${leg}: drift corrections`, track.driftCorrections.length, 0);
      }
      const { samples } = parseWav(await this.#daemon.read(track.files[0]?.path as string));
      const difference = differenceOf(samples, track, seed, legs[leg].packets);
      if (difference) faults.push(`live call ${uuid}: ${leg}: ${difference}`);
    }
    return faults;
  }
}

/** Where the audio is not the noise with silence at the gaps, and without what a correction says it dropped; null where it is. */
function differenceOf(
  samples: Int16Array,
  { gaps, driftCorrections }: ManifestTrack,
  seed: number,
  packets: number,
): string | null {
  const codes = encodeUlaw(noiseSamples(seed, 0, packets * PACKET_SAMPLES));
  const changes = [...gaps, ...driftCorrections].sort(([a], [b]) => a - b);
  let heard = 0;
  let at = 0;
  for (const [changeAt, changeSamples] of [...changes, [samples.length, 0] as const]) {
    for (; at < changeAt; at++, heard++)
      if (samples[at] !== ULAW_TO_LINEAR[codes[heard] as number])
        return `sample ${at} is not sample ${heard} of what was sent`;
    if (changeSamples < 0) heard -= changeSamples;
    for (; at < changeAt + changeSamples; at++)
      if (samples[at] !== 0) return `sample ${at} is in a gap and not silent`;
  }
  return heard === codes.length ? null : `${heard} samples of ${codes.length} are in the file`;
}
