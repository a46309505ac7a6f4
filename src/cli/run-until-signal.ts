import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Reloadable, reloadOnHangup } from './reload-on-hangup.ts';

/** What is run: the daemon, or whatever starts and closes as it does. */
export interface Runnable extends Reloadable {
  start(signal?: AbortSignal): Promise<void>;
  close(reason: 'shutdown' | 'failed'): Promise<void>;
}

/** Ctrl-C and `timeout` signal a whole group of processes, and npm and its like pass that on once more. */
const SAME_WISH_MS = 1_000;

/**
 * Starts `daemon`, reloads it on SIGHUP, closes it on SIGTERM or SIGINT, and resolves with the exit
 * code: 0 where all of it was orderly, 1 where closing failed or took longer than `shutdownTimeoutMs`.
 * A second signal to end while it closes, more than a second after the first, ends the process at once
 * with 1. `nowMs`: monotonic.
 *
 * @throws whatever `start` rejected with, after everything it had opened is closed again
 */
export async function runUntilSignal(
  daemon: Runnable,
  log: Log,
  shutdownTimeoutMs: number,
  nowMs: () => number = () => performance.now(),
): Promise<number> {
  const abort = new AbortController();
  const signalled = Promise.withResolvers<NodeJS.Signals>();
  let signalledMs = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (abort.signal.aborted) {
      if (nowMs() - signalledMs > SAME_WISH_MS) process.exit(1);
      return;
    }
    signalledMs = nowMs();
    abort.abort();
    signalled.resolve(signal);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  // SIGHUP is caught before anything starts: uncaught it would end the process.
  const begun = Promise.withResolvers<void>();
  begun.promise.catch(() => {});
  const endReloads = reloadOnHangup(daemon, { started: begun.promise, stop: abort.signal, log });
  const started = daemon.start(abort.signal);
  begun.resolve(started);
  try {
    // A start that was told to stop may reject; that is no failure but what was asked for.
    const settled = started.catch((error: unknown) => {
      if (!abort.signal.aborted) throw error;
    });
    try {
      await Promise.race([settled, signalled.promise]);
    } catch (error) {
      await within(shutdownTimeoutMs, daemon.close('failed')).catch(() => 'late');
      throw error;
    }
    log.info({ signal: await signalled.promise }, 'stopping');
    return await closeAfter(settled, daemon, log, shutdownTimeoutMs);
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    endReloads();
  }
}

async function closeAfter(
  settled: Promise<void>,
  daemon: Runnable,
  log: Log,
  shutdownTimeoutMs: number,
): Promise<number> {
  try {
    const closed = settled.then(() => daemon.close('shutdown'));
    if ((await within(shutdownTimeoutMs, closed)) === 'done') return 0;
    log.error({ shutdownTimeoutMs }, 'not closed within daemon.shutdown_timeout, giving up');
  } catch (error) {
    log.error({ err: error }, `closing failed: ${errorText(error)}`);
  }
  return 1;
}

/** Whether `task` was done in time. */
async function within(timeoutMs: number, task: Promise<void>): Promise<'done' | 'late'> {
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => late.resolve('late'), timeoutMs);
  try {
    return await Promise.race([task.then(() => 'done' as const), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
