/**
 * Sends a packet of 20 ms to each port, 50 times a second, spread over the 20 ms:
 * `node bench/paced-sender.ts PORT…`. Ends by a signal.
 */
import { createSocket } from 'node:dgram';
import { formatData } from '../src/protocol/index.ts';

const PACKET_MS = 20;
/** Packets leave in so many groups. */
const GROUPS = 10;

const ports = process.argv.slice(2).map(Number);
const socket = createSocket('udp4');
const packet = formatData('7d4dbb1c-3f0a-4c7e-8c53-6a1f2b9c0002', 'R', 0, Buffer.alloc(160, 0x55));
const startMs = performance.now();
let groups = 0;

setInterval(() => {
  const due = ((performance.now() - startMs) / PACKET_MS) * GROUPS;
  for (; groups < due; groups++)
    for (let i = groups % GROUPS; i < ports.length; i += GROUPS)
      socket.send(packet, ports[i], '127.0.0.1');
}, PACKET_MS / GROUPS);
