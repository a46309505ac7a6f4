import type { ControlReading } from '../capture/index.ts';
import { formatSize } from '../config/index.ts';
import type { Log } from '../log.ts';

/** Says what is not as wanted about how the control port is read; `wantedBytes` is `server.receive_buffer`. */
export function warnOfReading(
  { obstacle, bufferBytes: gotBytes, sockets }: ControlReading,
  wantedBytes: number,
  log: Log,
): void {
  if (obstacle !== null)
    log.warn(
      `the control port is read packet by packet, which costs more where taps have no ports of their own: ${obstacle}`,
    );
  if (gotBytes >= wantedBytes) return;
  log.warn(
    { gotBytes, wantedBytes },
    `the control port's receive buffer is ${formatSize(gotBytes)}, not server.receive_buffer = ${formatSize(wantedBytes)}: taps without ports of their own may lose packets under load; allow more with "sysctl -w net.core.rmem_max=${Math.ceil(wantedBytes / sockets)}"`,
  );
}
