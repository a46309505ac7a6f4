import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemCode } from '../errors.ts';
import { BlockPool } from '../recording/index.ts';
import { DgramReceiver } from './dgram-receiver.ts';
import { LegPorts, type Watch } from './leg-ports.ts';
import { MediaCall } from './media-call.ts';
import type { DropReason } from './media-summary.ts';
import type { BoundPair, FromWorker, OpenCall, ToWorker, WorkerSetup } from './messages.ts';
import { monotonicFrom } from './monotonic.ts';
import { Datagram, type Receiver } from './receiver.ts';

/** How often the main thread learns which calls have had packets. */
const ACTIVITY_MS = 250;
/** A pair whose call goes on waits at least this long for the order to take it up again. */
const RESUME_REST_MS = 5000;

interface LiveCall {
  media: MediaCall;
  ports: LegPorts | null;
  reportedNs: number;
  duplicatesReportedNs: number;
  ending: boolean;
}

/** The thread that receives, places and writes the audio of its share of the calls. */
class CaptureWorker {
  readonly #port: MessagePort;
  readonly #setup: WorkerSetup;
  readonly #receiver: Receiver;
  readonly #blocks = new BlockPool();
  readonly #datagram = new Datagram();
  readonly #ports = new Map<number, LegPorts>();
  readonly #calls = new Map<number, LiveCall>();
  readonly #rests = new Map<number, NodeJS.Timeout>();
  readonly #timers: NodeJS.Timeout[] = [];
  #dropped: Partial<Record<DropReason, number>> = {};
  #stopping = false;

  constructor(port: MessagePort, setup: WorkerSetup) {
    this.#port = port;
    this.#setup = setup;
    this.#receiver = new DgramReceiver(monotonicFrom(setup.clockOrigin));
  }

  start(): void {
    this.#port.on('message', (message: ToWorker) => this.#handle(message));
    this.#timers.push(setInterval(() => this.#flush(), this.#setup.flushIntervalMs));
    this.#timers.push(setInterval(() => this.#report(), ACTIVITY_MS));
  }

  #handle(message: ToWorker): void {
    switch (message.kind) {
      case 'bind':
        void this.#bind(message.pair);
        break;
      case 'open':
        this.#open(message.call);
        break;
      case 'data':
        this.#data(message.bytes, message.entries);
        break;
      case 'end':
        void this.#end(message.callId, message.endNs, message.drainMs, message.mayResume);
        break;
      case 'legs': {
        const call = this.#calls.get(message.callId);
        if (call) call.media.areLegsOpen = message.isOpen;
        break;
      }
      case 'stop':
        void this.#stop();
        break;
    }
  }

  #send(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  /** Counts for the log; what a call knows of it stands in its manifest. */
  readonly #drop = (reason: DropReason): void => {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1;
  };

  async #bind(pair: BoundPair): Promise<void> {
    const ports = new LegPorts(pair, this.#drop);
    try {
      await ports.bind(this.#receiver, this.#setup.host);
      if (this.#stopping) return await ports.close();
      this.#ports.set(pair.pairId, ports);
      this.#send({ kind: 'bound', pair });
    } catch (error) {
      const port = (error as { port?: number }).port ?? pair.readPort;
      this.#send({ kind: 'bind-failed', pair, port, code: systemCode(error) ?? String(error) });
    }
  }

  #open(call: OpenCall): void {
    const ports = call.pairId === null ? null : (this.#ports.get(call.pairId) ?? null);
    const media = new MediaCall(call, this.#setup, this.#blocks, this.#drop);
    const live = { media, ports, reportedNs: -1, duplicatesReportedNs: -1, ending: false };
    this.#calls.set(call.callId, live);
    if (!ports) return;
    clearTimeout(this.#rests.get(ports.pair.pairId));
    this.#rests.delete(ports.pair.pairId);
    ports.attach(media, call.startNs);
  }

  /** DATA that came to the control port; the main thread has checked whose it is. */
  #data(bytes: Uint8Array, entries: Float64Array): void {
    const datagram = this.#datagram;
    for (let i = 0; i < entries.length; i += 5) {
      const call = this.#calls.get(entries[i] as number);
      const start = entries[i + 3] as number;
      datagram.arrivalNs = entries[i + 1] as number;
      datagram.lagNs = entries[i + 2] as number;
      datagram.sizeBytes = entries[i + 4] as number;
      datagram.bytes = bytes.subarray(start, start + datagram.sizeBytes);
      if (call) call.media.receiveChecked(datagram);
      else this.#drop('late');
    }
  }

  async #end(
    callId: number,
    endNs: number | null,
    drainMs: number,
    mayResume: boolean,
  ): Promise<void> {
    const call = this.#calls.get(callId);
    if (!call || call.ending) return;
    call.ending = true;
    await this.#receiver.drain();
    if (drainMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, drainMs));
      await this.#receiver.drain();
    }
    if (call.ports) {
      call.ports.detach(mayResume ? this.#watch(call.media, call.ports) : null);
      this.#rest(call.ports.pair, this.#setup.portRestMs);
    }
    this.#calls.delete(callId);
    const summary = await call.media.finish(endNs);
    this.#send({ kind: 'finished', callId, summary });
  }

  /** Tells the main thread when the media of an ended call goes on at its ports. */
  #watch({ callId, uuid, gate }: MediaCall, { pair }: LegPorts): Watch {
    return {
      gate,
      resumed: (startNs) => {
        this.#rest(pair, Math.max(RESUME_REST_MS, this.#setup.portRestMs));
        this.#send({ kind: 'resumed', resumed: { callId, uuid, startNs }, pair });
      },
    };
  }

  #rest(pair: BoundPair, restMs: number): void {
    clearTimeout(this.#rests.get(pair.pairId));
    const timer = setTimeout(() => this.#release(pair), restMs);
    this.#rests.set(pair.pairId, timer);
  }

  #release(pair: BoundPair): void {
    const ports = this.#ports.get(pair.pairId);
    this.#rests.delete(pair.pairId);
    this.#ports.delete(pair.pairId);
    void ports?.close().then(() => this.#send({ kind: 'released', pair, strays: ports.strays }));
  }

  #flush(): void {
    for (const { media } of this.#calls.values()) media.flushFiles();
  }

  #report(): void {
    const callIds: number[] = [];
    const lastArrivalNs: number[] = [];
    for (const [callId, call] of this.#calls) {
      const { lastArrivalNs: lastNs, duplicatesNs } = call.media;
      if (duplicatesNs !== call.duplicatesReportedNs) {
        call.duplicatesReportedNs = duplicatesNs;
        this.#send({ kind: 'duplicates', callId, lastArrivalNs: duplicatesNs });
      }
      if (lastNs === call.reportedNs) continue;
      call.reportedNs = lastNs;
      callIds.push(callId);
      lastArrivalNs.push(lastNs);
    }
    if (callIds.length > 0) this.#send({ kind: 'activity', callIds, lastArrivalNs });
    this.#reportDropped();
  }

  #reportDropped(): void {
    const counts = this.#dropped;
    for (const _ in counts) {
      this.#dropped = {};
      return this.#send({ kind: 'dropped', counts });
    }
  }

  /** Everything has ended: lets go of sockets and timers, so that the thread ends by itself. */
  async #stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const timer of this.#rests.values()) clearTimeout(timer);
    await Promise.all([...this.#ports.values()].map((ports) => ports.close()));
    this.#reportDropped();
    this.#receiver.close();
    this.#port.close();
  }
}

if (!parentPort) throw new Error('worker.ts runs as a worker thread only');
new CaptureWorker(parentPort, workerData as WorkerSetup).start();
