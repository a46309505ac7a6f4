import { randomUUID } from 'node:crypto';
import { parseControl } from '../protocol/index.ts';
import { type Departure, LegSchedule } from './leg-schedule.ts';
import type { CheckedOptions } from './options.ts';
import { type Paced, Pacer } from './pacer.ts';
import type { LegSources } from './packet-source.ts';
import { seededRandom } from './random.ts';
import { type CallSummary, type SendSummary, totalsOf, unbegunCall } from './summary.ts';
import { TapCall } from './tap-call.ts';
import { TapLeg } from './tap-leg.ts';
import { TapSockets } from './tap-sockets.ts';
import type { TapState } from './tap-state.ts';
import type { Target } from './target.ts';
import type { WireFormat } from './wire-format.ts';

export interface SendProgress {
  /** The part of all audio that has been played, 0 to 1. */
  played: number;
  callsRunning: number;
  callsEnded: number;
}

export interface SendHooks {
  /** Stops all calls, with a BYE each; the summary is still given. */
  signal?: AbortSignal;
  onState?(uuid: string, state: TapState): void;
  /** A few times a second. */
  onProgress?(progress: SendProgress): void;
}

const PROGRESS_EVERY_MS = 200;
const DEFAULT_LENGTH_MS = 10_000;
/** Keeps the random numbers of duplicates apart from those of loss and jitter. */
const DUPLICATES = 1;

/** One `sendCalls` under way: opens the calls one after the other and waits for the last one's end. */
export class SendRun {
  readonly #options: CheckedOptions;
  readonly #format: WireFormat;
  readonly #sources: LegSources;
  readonly #target: Target;
  readonly #hooks: SendHooks;
  readonly #packets: number;
  readonly #pacer = new Pacer();
  /** Aborted by the caller's signal and by the first error. */
  readonly #stop = new AbortController();
  readonly #running = new Set<TapCall>();
  #callsEnded = 0;
  #failure: { error: unknown } | undefined;

  constructor(
    options: CheckedOptions,
    format: WireFormat,
    sources: LegSources,
    target: Target,
    hooks: SendHooks,
  ) {
    this.#options = options;
    this.#format = format;
    this.#sources = sources;
    this.#target = target;
    this.#hooks = hooks;
    this.#packets = packetsPerLeg(options, sources);
  }

  /** To be called once. */
  async run(): Promise<SendSummary> {
    const { host, port, seed, calls: count, staggerMs } = this.#options;
    const { signal } = this.#hooks;
    const onAbort = () => this.#stop.abort();
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    // A hook may abort from inside of a call's step: the calls hear of it when that step is done.
    this.#stop.signal.addEventListener('abort', () => queueMicrotask(() => this.#stopCalls()));
    const startMs = this.#pacer.nowMs();
    if (this.#hooks.onProgress) this.#pacer.add(this.#progress(startMs, this.#hooks.onProgress));
    try {
      const runs: Promise<CallSummary>[] = [];
      for (let index = 0; index < count; index++) {
        await this.#until(startMs + index * staggerMs);
        runs.push(this.#runCall(index));
      }
      const calls = await Promise.all(runs);
      if (this.#failure) throw this.#failure.error;
      const durationMs = this.#pacer.nowMs() - startMs;
      const totals = totalsOf(calls, { worstLateMs: this.#pacer.worstLateMs, durationMs });
      return { target: `${host}:${port}`, seed, calls, totals };
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#pacer.close();
    }
  }

  /** Never rejects: an error stops all calls and is kept for `run` to throw. */
  async #runCall(index: number): Promise<CallSummary> {
    const uuid = this.#options.uuid ?? randomUUID();
    try {
      if (!this.#stop.signal.aborted) return await this.#playCall(index, uuid);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#callsEnded++;
    }
    return unbegunCall(uuid);
  }

  async #playCall(index: number, uuid: string): Promise<CallSummary> {
    let call: TapCall | undefined;
    const sockets = await TapSockets.open(
      this.#target,
      this.#options.oldForm ? 'old' : 'ports',
      (datagram) => {
        const message = parseControl(datagram);
        if (!call || message.kind === 'malformed') return;
        call.receive(message, this.#pacer.nowMs());
        this.#pacer.wake(call.dueMs);
      },
    );
    const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>();
    try {
      call = this.#tapCall(index, uuid, sockets, (state) => {
        if (state === 'ended') onEnded();
        this.#tell(() => this.#hooks.onState?.(uuid, state));
      });
      this.#running.add(call);
      if (this.#stop.signal.aborted) call.stop(this.#pacer.nowMs());
      this.#pacer.add(call);
      await ended;
      return call.summary();
    } finally {
      if (call) {
        this.#running.delete(call);
        this.#pacer.remove(call);
      }
      await sockets.close();
    }
  }

  #tapCall(
    index: number,
    uuid: string,
    sockets: TapSockets,
    onState: (state: TapState) => void,
  ): TapCall {
    const { ptimeMs, speed, caller, callee, seed, seq } = this.#options;
    const { dropInv, dropBye, retryMs } = this.#options;
    const packetMs = ptimeMs / speed;
    const departure: Departure = { ...this.#options, packetMs, packets: this.#packets };
    const leg = (name: 'R' | 'W') => {
      const side = name === 'R' ? 0 : 1;
      return new TapLeg(
        name,
        uuid,
        this.#format,
        this.#sources[name],
        new LegSchedule(
          departure,
          seededRandom(seed, index, side),
          seededRandom(seed, index, side, DUPLICATES),
        ),
        (to, parts) => sockets.sendData(to, parts),
      );
    };
    const plan = {
      uuid,
      caller: caller ?? String(1001 + index),
      callee: callee ?? '9000',
      lengthMs: this.#packets * packetMs,
      extension: seq ? { seq, ptimeMs, rateHz: this.#format.sampleRate, box: null } : null,
      dropInv,
      dropBye,
      retryMs,
    };
    return new TapCall(plan, sockets, { R: leg('R'), W: leg('W') }, this.#pacer.nowMs(), onState);
  }

  #stopCalls(): void {
    const nowMs = this.#pacer.nowMs();
    for (const call of this.#running) {
      call.stop(nowMs);
      this.#pacer.wake(call.dueMs);
    }
  }

  /** Resolves at a time of the pacer's clock, or as soon as everything is to stop. */
  async #until(dueMs: number): Promise<void> {
    if (this.#stop.signal.aborted || dueMs <= this.#pacer.nowMs()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = () => resolve();
    const gate: Paced = { dueMs, advance: onAbort };
    this.#stop.signal.addEventListener('abort', onAbort, { once: true });
    this.#pacer.add(gate);
    await promise;
    this.#pacer.remove(gate);
    this.#stop.signal.removeEventListener('abort', onAbort);
  }

  #progress(startMs: number, onProgress: (progress: SendProgress) => void): Paced {
    const paced = {
      dueMs: startMs,
      advance: (nowMs: number) => {
        paced.dueMs = nowMs + PROGRESS_EVERY_MS;
        let played = this.#callsEnded;
        for (const call of this.#running) played += call.playedAt(nowMs);
        const progress = {
          played: played / this.#options.calls,
          callsRunning: this.#running.size,
          callsEnded: this.#callsEnded,
        };
        this.#tell(() => onProgress(progress));
      },
    };
    return paced;
  }

  #tell(hook: () => void): void {
    try {
      hook();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop.abort();
  }
}

/** Generated audio has no end of its own, silence behind a shorter file none either. */
function packetsPerLeg({ durationMs, ptimeMs }: CheckedOptions, { R, W }: LegSources): number {
  if (durationMs !== undefined) return Math.ceil(durationMs / ptimeMs);
  if (R.packets === null && W.packets === null) return Math.ceil(DEFAULT_LENGTH_MS / ptimeMs);
  return Math.max(R.packets ?? 0, W.packets ?? 0);
}
