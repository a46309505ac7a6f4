import { ControlSocket, chooseReceiver } from '../capture/index.ts';
import { type Config, formatSize } from '../config/index.ts';
import type { Verdict } from './check.ts';
import { ok, warning } from './verdict.ts';

/** What the kernel gives of `server.receive_buffer`. */
export async function checkReceiveBuffer(
  { server, media }: Config,
  platform: NodeJS.Platform,
): Promise<Verdict> {
  const wantedBytes = server.receiveBufferBytes;
  const { bufferBytes: gotBytes, sockets } = await granted(wantedBytes, media.receiver);
  if (gotBytes >= wantedBytes) return ok(`${formatSize(wantedBytes)}, as configured`);
  return warning(
    `the kernel gives ${formatSize(gotBytes)}, not server.receive_buffer = ${formatSize(wantedBytes)}: taps without ports of their own may lose packets under load`,
    platform === 'linux'
      ? `"sysctl -w net.core.rmem_max=${Math.ceil(wantedBytes / sockets)}", and for good in /etc/sysctl.d`
      : 'let the system allow larger buffers (kern.ipc.maxsockbuf), or ask for less',
  );
}

/** As a server would get it, at a port of its own. */
async function granted(wantedBytes: number, wanted: Config['media']['receiver']) {
  const now = () => performance.now() * 1e6;
  // Where batched is asked for and can't work, the server does not start; other checks say that.
  const { name } = await chooseReceiver(wanted === 'batched' ? 'auto' : wanted, now);
  const nothing = () => {};
  const control = new ControlSocket(
    {
      inv: nothing,
      bye: nothing,
      data: nothing,
      malformed: nothing,
      limited: nothing,
      refused: nothing,
      overflowed: nothing,
    },
    now,
  );
  try {
    return await control.start('127.0.0.1', 0, wantedBytes, name);
  } finally {
    await control.close();
  }
}
