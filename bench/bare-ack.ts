/** The least a server can do: answers each INV with two ports at once, and nothing else. The floor of `ack-latency.ts`. */
import { createSocket } from 'node:dgram';

const socket = createSocket('udp4');
socket.on('message', (bytes, { address, port }) => {
  const [verb, uuid] = bytes.toString('latin1').split(':');
  if (verb === 'INV ') socket.send(`ACK :${uuid}:40000:40001`, port, address);
});
socket.bind(0, '127.0.0.1', () => process.stdout.write(`${socket.address().port}\n`));
