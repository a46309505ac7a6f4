import { errorText, RstError } from '../errors.ts';
import { selfTest } from './self-test.ts';

/** How the leg ports are read: `batched` many datagrams at a time, `dgram` by node's own sockets. */
export type ReceiverName = 'batched' | 'dgram';

export interface ChosenReceiver {
  name: ReceiverName;
  /** Why this one, for the log. */
  reason: string;
}

/** Where the layouts and numbers of `recvmmsg` are known. */
const MACHINES = ['x64', 'arm64', 'riscv64', 'loong64'];

/**
 * Decides on `media.receiver`: auto is batched where a datagram has come through it.
 *
 * @throws RstError RST_CONFIG where batched is asked for and can't work
 */
export async function chooseReceiver(
  wanted: 'auto' | ReceiverName,
  now: () => number,
): Promise<ChosenReceiver> {
  if (wanted === 'dgram') return { name: 'dgram', reason: 'media.receiver = "dgram"' };
  const obstacle = await obstacleTo(now);
  if (obstacle === null) {
    const reason = wanted === 'batched' ? 'media.receiver = "batched"' : 'its self-test passed';
    return { name: 'batched', reason };
  }
  if (wanted === 'batched')
    throw new RstError(
      'RST_CONFIG',
      `media.receiver = "batched" can't work here: ${obstacle}; choose "auto" or "dgram"`,
    );
  return { name: 'dgram', reason: obstacle };
}

/** In words; null where there is none. */
async function obstacleTo(now: () => number): Promise<string | null> {
  const { platform, arch } = process;
  if (platform !== 'linux' || !MACHINES.includes(arch))
    return `batched receiving is for 64-bit Linux, not ${platform} on ${arch}`;
  try {
    await selfTest(now);
    return null;
  } catch (error) {
    return errorText(error).split('\n', 1)[0] as string;
  }
}
