import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemCode } from '../errors.ts';
import { BlockWriter, Buffers, Disks } from '../recording/index.ts';
import { BatchedReceiver } from './batched-receiver.ts';
import { DgramReceiver } from './dgram-receiver.ts';
import { FlushTurns } from './flush-turns.ts';
import { Gate } from './gate.ts';
import { LegPorts } from './leg-ports.ts';
import { MediaCall } from './media-call.ts';
import type { DropReason } from './media-summary.ts';
import type {
  BoundPair,
  FromWorker,
  OpenCall,
  ToWorker,
  WatchedCall,
  WorkerSetup,
} from './messages.ts';
import { monotonicFrom } from './monotonic.ts';
import { OpenDescriptors } from './open-descriptors.ts';
import { Datagram, type Receiver } from './receiver.ts';
import { SourceLock } from './source-lock.ts';

/** How often the main thread learns which calls have had packets. */
const ACTIVITY_MS = 250;
/** A pair whose call goes on waits at least this long for the order to take it up again. */
const RESUME_REST_MS = 5000;
/** Whoever looks at levels asks for them at least this often. */
const MEASURE_NS = 3e9;

interface LiveCall {
  media: MediaCall;
  ports: LegPorts | null;
  reportedNs: number;
  duplicatesReportedNs: number;
  ending: boolean;
  /** Its ports are to be watched once it has ended. */
  mayResume: boolean;
}

/** Ports that rest for as long as the media of their call may go on. */
interface WatchedPorts {
  ports: LegPorts;
  sinceNs: number;
}

/** The thread that receives, places and writes the audio of its share of the calls. */
class CaptureWorker {
  readonly #port: MessagePort;
  readonly #setup: WorkerSetup;
  readonly #now: () => number;
  readonly #receiver: Receiver;
  readonly #buffers: Buffers;
  readonly #writers: BlockWriter[] = [];
  readonly #disks: Disks;
  readonly #datagram = new Datagram();
  readonly #ports = new Map<number, LegPorts>();
  readonly #calls = new Map<number, LiveCall>();
  readonly #rests = new Map<number, NodeJS.Timeout>();
  /** By the number of the call that has ended. */
  readonly #watched = new Map<number, WatchedPorts>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #flushTurns: FlushTurns;
  #dropped: Partial<Record<DropReason, number>> = {};
  #stopping = false;

  constructor(port: MessagePort, setup: WorkerSetup) {
    this.#port = port;
    this.#setup = setup;
    this.#now = monotonicFrom(setup.clockOrigin);
    this.#flushTurns = new FlushTurns(setup.flushIntervalMs);
    const { descriptors, fallbackDir, maxBufferBytes, recording } = setup;
    this.#buffers = new Buffers(maxBufferBytes, fallbackDir !== null);
    this.#disks = new Disks(
      recording.dir,
      fallbackDir,
      (report) => this.#send({ kind: 'disk', report }),
      () => this.#openWriter(),
    );
    this.#receiver = descriptors
      ? new BatchedReceiver(this.#now, new OpenDescriptors(descriptors))
      : new DgramReceiver(this.#now);
  }

  start(): void {
    this.#port.on('message', (message: ToWorker) => this.#handle(message));
    this.#flushTurns.start();
    for (const writer of this.#writers) writer.start();
    this.#timers.push(setInterval(() => this.#report(), ACTIVITY_MS));
  }

  #openWriter(): BlockWriter {
    const writer = new BlockWriter();
    this.#writers.push(writer);
    return writer;
  }

  #handle(message: ToWorker): void {
    switch (message.kind) {
      case 'bind':
        void this.#bind(message.pair, message.watched);
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
      case 'tags':
        this.#calls.get(message.callId)?.media.setTags(message.tags);
        break;
      case 'stats':
        this.#stats();
        break;
      case 'hurry':
        this.#disks.hurry(message.patienceMs);
        break;
      case 'look':
        void this.#look(message.callId);
        break;
      case 'unwatch':
        this.#unwatch(message.callId);
        break;
      case 'stop':
        void this.#stop();
        break;
    }
  }

  #send(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  /** Counts for the log; what a call knows of it stands in its manifest. */
  readonly #drop = (reason: DropReason, count = 1): void => {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count;
  };

  async #bind(pair: BoundPair, watched: WatchedCall | null): Promise<void> {
    const ports = new LegPorts(pair, this.#drop);
    if (watched) this.#watch(watched, this.#gateOf(watched), ports);
    try {
      await ports.bind(this.#receiver, this.#setup.host);
      if (this.#stopping) return await ports.close();
      this.#ports.set(pair.pairId, ports);
      this.#send({ kind: 'bound', pair });
      // Meanwhile the call may have turned out not to go on.
      if (watched && !this.#watched.has(watched.callId)) this.#rest(pair, 0);
    } catch (error) {
      if (watched) this.#watched.delete(watched.callId);
      const port = (error as { port?: number }).port ?? pair.readPort;
      this.#send({ kind: 'bind-failed', pair, port, code: systemCode(error) ?? String(error) });
    }
  }

  #open(call: OpenCall): void {
    const ports = call.pairId === null ? null : (this.#ports.get(call.pairId) ?? null);
    const blocks = this.#buffers.of(call.name);
    const disk = this.#disks.of(call.name);
    const media = new MediaCall(call, this.#setup, blocks, disk, this.#drop);
    this.#calls.set(call.callId, {
      media,
      ports,
      reportedNs: -1,
      duplicatesReportedNs: -1,
      ending: false,
      mayResume: false,
    });
    this.#flushTurns.add(media);
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
    call.mayResume = mayResume;
    const { media, ports } = call;
    await ports?.drain();
    if (drainMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, drainMs));
      await ports?.drain();
    }
    if (ports && call.mayResume) this.#watch(media, media.gate, ports);
    else if (ports) {
      ports.detach();
      this.#rest(ports.pair, this.#setup.portRestMs);
    }
    this.#calls.delete(callId);
    this.#flushTurns.delete(media);
    const summary = await media.finish(endNs);
    this.#send({ kind: 'finished', callId, summary });
  }

  #gateOf({ uuid, address, announced }: WatchedCall): Gate {
    return new Gate(uuid, new SourceLock(this.#setup.sourceLock, address, announced));
  }

  /** Tells the main thread when the media of an ended call goes on at its ports, which rest until then. */
  #watch(call: Pick<WatchedCall, 'callId' | 'uuid'>, gate: Gate, ports: LegPorts): void {
    const { callId, uuid } = call;
    const { pair } = ports;
    this.#watched.set(callId, { ports, sinceNs: this.#now() });
    ports.watch({
      gate,
      resumed: (startNs) => {
        this.#watched.delete(callId);
        this.#rest(pair, Math.max(RESUME_REST_MS, this.#setup.portRestMs));
        this.#send({ kind: 'resumed', resumed: { callId, uuid, startNs }, pair });
      },
    });
  }

  async #look(callId: number): Promise<void> {
    const { ports } = this.#watched.get(callId) ?? this.#calls.get(callId) ?? { ports: null };
    await ports?.drain();
    this.#send({ kind: 'looked', callId });
  }

  #unwatch(callId: number): void {
    const call = this.#calls.get(callId);
    if (call) call.mayResume = false;
    const watched = this.#watched.get(callId);
    if (!watched) return;
    this.#watched.delete(callId);
    watched.ports.detach();
    const { pair } = watched.ports;
    const restedMs = (this.#now() - watched.sinceNs) / 1e6;
    if (this.#ports.has(pair.pairId))
      this.#rest(pair, Math.max(0, this.#setup.portRestMs - restedMs));
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

  #stats(): void {
    const nowNs = this.#now();
    const calls = [...this.#calls.values()].map(({ media, ports }) => {
      ports?.listenUntil(nowNs + MEASURE_NS);
      return media.stats(nowNs, nowNs + MEASURE_NS);
    });
    this.#send({ kind: 'stats', calls });
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
    this.#flushTurns.close();
    for (const timer of this.#timers) clearInterval(timer);
    for (const timer of this.#rests.values()) clearTimeout(timer);
    await Promise.all([...this.#ports.values()].map((ports) => ports.close()));
    this.#reportDropped();
    this.#receiver.close();
    this.#disks.close();
    await Promise.all(this.#writers.map((writer) => writer.close()));
    this.#port.close();
  }
}

if (!parentPort) throw new Error('worker.ts runs as a worker thread only');
new CaptureWorker(parentPort, workerData as WorkerSetup).start();
