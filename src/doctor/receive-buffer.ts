import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Config, formatSize } from '../config/index.ts';
import type { Verdict } from './check.ts';
import { ok, warning } from './verdict.ts';

/** What the kernel gives of `server.receive_buffer`. */
export async function checkReceiveBuffer(
  { server }: Config,
  platform: NodeJS.Platform,
): Promise<Verdict> {
  const wantedBytes = server.receiveBufferBytes;
  const gotBytes = await granted(wantedBytes, platform);
  if (gotBytes >= wantedBytes) return ok(`${formatSize(wantedBytes)}, as configured`);
  return warning(
    `the kernel gives ${formatSize(gotBytes)}, not server.receive_buffer = ${formatSize(wantedBytes)}: taps without ports of their own may lose packets under load`,
    platform === 'linux'
      ? `"sysctl -w net.core.rmem_max=${wantedBytes}", and for good in /etc/sysctl.d`
      : 'let the system allow larger buffers (kern.ipc.maxsockbuf), or ask for less',
  );
}

async function granted(wantedBytes: number, platform: NodeJS.Platform): Promise<number> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ address: '127.0.0.1', port: 0, exclusive: true });
    await once(socket, 'listening');
    try {
      socket.setRecvBufferSize(wantedBytes);
    } catch {
      // Some systems refuse what is too much instead of giving less.
    }
    // Linux counts its own overhead, which is as much again.
    const gotBytes = socket.getRecvBufferSize();
    return platform === 'linux' ? gotBytes / 2 : gotBytes;
  } finally {
    socket.close();
  }
}
