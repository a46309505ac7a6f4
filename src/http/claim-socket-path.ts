import { lstat, mkdir, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { errorText, RstError, systemCode } from '../errors.ts';

/** Whoever may look into it could connect, were it not for the mode of the socket itself. */
const FOLDER_MODE = 0o700;

/**
 * Makes `path` free to listen at: creates its folder where that is missing and removes the socket of a
 * daemon that is gone.
 *
 * @throws RstError RST_SOCKET_IN_USE where one lives behind it, RST_NOT_WRITABLE where it can't be had
 */
export async function claimSocketPath(path: string): Promise<void> {
  try {
    // One level, because a recursive mkdir of Node never returns where nothing can be made (/proc).
    await mkdir(dirname(path), { mode: FOLDER_MODE }).catch(unlessThere);
    const found = await lstat(path).catch(orMissing);
    if (found === null) return;
    if (!found.isSocket())
      throw new RstError(
        'RST_NOT_WRITABLE',
        `daemon.socket ${path} is there and is no socket; remove it, or choose another path`,
      );
    if ((await answer(path)) === 'alive')
      throw new RstError(
        'RST_SOCKET_IN_USE',
        `daemon.socket ${path} is another daemon's, which is running; stop it, or give this one a path of its own`,
      );
    await unlink(path).catch(orMissing);
  } catch (error) {
    throw error instanceof RstError ? error : refusal(path, error);
  }
}

/** One sentence about a path where no socket can be made. */
export function refusal(path: string, error: unknown): RstError {
  return new RstError(
    'RST_NOT_WRITABLE',
    `daemon.socket ${path} can't be made (${systemCode(error) ?? errorText(error)}); give this user the right to, choose another path, or set it to "off"`,
    { cause: error },
  );
}

/** Whether anybody listens there. The kernel answers at once, however busy he may be. */
function answer(path: string): Promise<'alive' | 'dead'> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve('alive');
    });
    socket.on('error', (error) => {
      const code = systemCode(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve('dead');
      // So many wait to be accepted that no further one can.
      else if (code === 'EAGAIN') resolve('alive');
      else reject(error);
    });
  });
}

function unlessThere(error: unknown): void {
  if (systemCode(error) !== 'EEXIST') throw error;
}

function orMissing(error: unknown): null {
  if (systemCode(error) === 'ENOENT') return null;
  throw error;
}
