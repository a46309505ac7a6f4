import { formatDuration } from './duration.ts';
import type { Finding } from './finding.ts';
import type { KeyPath } from './key-path.ts';
import { judgeMediaPorts } from './media-ports.ts';
import type { Config } from './schema.ts';
import { MAX_SOCKET_PATH_BYTES, type SocketPlace, socketPath } from './socket-path.ts';

const LAST_PORT = 65535;

/**
 * Looks for settings that are right one by one and do not go together. `isSet`: whether a setting is
 * somebody's and not the default; of two, whichever was set is the one to look at.
 */
export function judgeSettings(
  config: Config,
  place: SocketPlace,
  isSet: (path: KeyPath) => boolean,
): Finding[] {
  const { esl, media, records, server } = config;
  const findings: Finding[] = [];
  const ports = judgeMediaPorts(media.ports, server.port);
  if (ports.kind !== 'fine') {
    const path = isSet(['media', 'ports']) ? ['media', 'ports'] : ['server', 'port'];
    findings.push({ path, ...ports });
  }
  const socket = socketPath(config, server.port || LAST_PORT, place) ?? '';
  const socketBytes = Buffer.byteLength(socket);
  if (socketBytes > MAX_SOCKET_PATH_BYTES)
    findings.push({
      path: ['daemon', 'socket'],
      kind: 'refused',
      text: `${socket} is ${socketBytes} bytes long, must be at most ${MAX_SOCKET_PATH_BYTES}, which is what a Unix socket can be called`,
    });
  if (records.fallbackDir === records.dir)
    findings.push({
      path: ['records', 'fallback_dir'],
      kind: 'refused',
      text: `${records.dir} is records.dir itself, must be a folder on another disk`,
    });
  if (esl.reconnectMinMs > esl.reconnectMaxMs)
    findings.push({
      path: ['esl', isSet(['esl', 'reconnect_max']) ? 'reconnect_max' : 'reconnect_min'],
      kind: 'refused',
      text: `${formatDuration(esl.reconnectMinMs)} for reconnect_min is longer than ${formatDuration(esl.reconnectMaxMs)} for reconnect_max, must be at most as long`,
    });
  return findings;
}
