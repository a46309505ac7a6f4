import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LegName } from '../../src/protocol/index.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/udp');

/** One datagram as a real FreeSWITCH sent it. */
export interface CapturedDatagram {
  atMs: number;
  to: 'control' | 'read' | 'write';
  fromPort: number;
  bytes: Buffer;
}

export interface CapturedPacket {
  leg: LegName;
  atMs: number;
  payloadType: string;
  payload: Buffer;
}

/** A recorded call: what was sent, without the replies of the capture that recorded it. */
export interface CaptureFile {
  name: string;
  uuid: string;
  datagrams: CapturedDatagram[];
  /** Its DATA, read without the project's own parser. */
  packets: CapturedPacket[];
}

export function readCaptureFile(name: string): CaptureFile {
  const [, ...lines] = readFileSync(join(FOLDER, `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n');
  const datagrams = lines
    .map((line) => JSON.parse(line))
    .filter((line) => 'data' in line)
    .map((line) => ({
      atMs: line.t_ms as number,
      to: line.to as CapturedDatagram['to'],
      fromPort: line.from as number,
      bytes: Buffer.from(line.data, 'base64'),
    }));
  const packets = datagrams
    .filter(({ bytes }) => bytes.toString('latin1', 0, 4) === 'DATA')
    .map(packetOf);
  const uuid = (datagrams[0] as CapturedDatagram).bytes.toString('latin1').split(':')[1] as string;
  return { name, uuid, datagrams, packets };
}

function packetOf({ atMs, bytes }: CapturedDatagram): CapturedPacket {
  let start = 0;
  for (let colons = 0; colons < 5; colons++) start = bytes.indexOf(':', start) + 1;
  const [, , leg, payloadType] = bytes.toString('latin1', 0, start).split(':');
  return {
    leg: leg as LegName,
    atMs,
    payloadType: payloadType as string,
    payload: bytes.subarray(start),
  };
}
