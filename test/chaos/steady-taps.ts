import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LegName } from '../../src/protocol/index.ts';

const THREAD = new URL('./steady-taps-thread.ts', import.meta.url);

/** What a tap has sent: of each packet, by its number, when, in ms by the wall clock. */
export interface SentCall {
  /** Its number among the calls, which its packets carry. */
  call: number;
  uuid: string;
  sentAtMs: Record<LegName, number[]>;
}

export interface SteadyTapsSetup {
  controlPort: number;
  /** One socket for everything, and DATA to the control port. */
  isOldForm: boolean;
  /** By number. */
  uuids: string[];
}

export type ToTaps = { kind: 'hang-up'; withBye: boolean };

export type FromTaps = { kind: 'answered' } | { kind: 'sent'; calls: SentCall[] };

/**
 * Taps in a thread of their own that send numbered packets at an even pace, to the ports they were given
 * once, whatever becomes of the server.
 */
export class SteadyTaps implements AsyncDisposable {
  readonly uuids: readonly string[];
  readonly #worker: Worker;

  private constructor(setup: SteadyTapsSetup) {
    this.uuids = setup.uuids;
    this.#worker = new Worker(THREAD, { workerData: setup });
  }

  /** Resolves once every INV has its ACK; the first packets are on their way by then. */
  static async start(controlPort: number, calls: number, isOldForm = false): Promise<SteadyTaps> {
    const uuids = Array.from({ length: calls }, () => randomUUID());
    const taps = new SteadyTaps({ controlPort, isOldForm, uuids });
    await once(taps.#worker, 'message');
    return taps;
  }

  /** Stops all taps, by default with a BYE from each, and tells what they have sent. */
  async hangUp(withBye = true): Promise<SentCall[]> {
    this.#worker.postMessage({ kind: 'hang-up', withBye } satisfies ToTaps);
    const [message] = (await once(this.#worker, 'message')) as [FromTaps];
    return message.kind === 'sent' ? message.calls : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
