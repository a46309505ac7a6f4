import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { L16Rate } from '../../src/capture/leg.ts';
import { MediaCall } from '../../src/capture/media-call.ts';
import type { MediaSummary } from '../../src/capture/media-summary.ts';
import type { OpenCall } from '../../src/capture/messages.ts';
import { Datagram } from '../../src/capture/receiver.ts';
import { formatData, type LegName } from '../../src/protocol/index.ts';
import { BlockPool, Disk, type FormatName } from '../../src/recording/index.ts';

const UUID = 'u';
const ADDRESS = '127.0.0.1';

export interface MediaCallOptions {
  formats?: FormatName[];
  seq?: boolean;
  l16Rate?: L16Rate;
}

export interface OpenMediaCall {
  call: MediaCall;
  /** Hands it a packet that arrived then, in ns from its start on. */
  receive(
    leg: LegName,
    arrivalNs: number,
    payloadType: number,
    payload: Uint8Array,
    seq?: number,
    ts?: number,
  ): void;
  /** Ends it so long after its start. */
  finish(lengthNs: number): Promise<MediaSummary>;
  read(path: string): Promise<Buffer>;
}

/** A call as its worker sees it, without worker, sockets and clock. */
export async function withMediaCall(
  { formats = ['wav'], seq = false, l16Rate = 'auto' }: MediaCallOptions,
  run: (test: OpenMediaCall) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'media-call-'));
  const order: OpenCall = {
    callId: 1,
    uuid: UUID,
    address: ADDRESS,
    announced: null,
    pairId: null,
    startNs: 0,
    extension: { seq, rateHz: null },
    name: UUID,
    formats: null,
    journal: {},
    tags: { title: '', artist: '', date: '', comment: '' },
  };
  const recording = { dir, formats, wavCodec: 'pcm', hex: true, sync: 'none' } as const;
  const call = new MediaCall(
    order,
    { recording, l16Rate, sourceLock: 'address' },
    new BlockPool(),
    new Disk(),
    () => {},
  );
  try {
    await run({
      call,
      receive: (leg, arrivalNs, payloadType, payload, seq = -1, ts = -1) => {
        const datagram = new Datagram();
        datagram.bytes = formatData(UUID, leg, payloadType, payload, seq, ts);
        datagram.sizeBytes = datagram.bytes.length;
        datagram.arrivalNs = arrivalNs;
        datagram.address = ADDRESS;
        call.receive(leg, datagram);
      },
      finish: (lengthNs) => call.finish(lengthNs),
      read: (path) => readFile(join(dir, path)),
    });
  } finally {
    await rm(dir, { recursive: true });
  }
}
