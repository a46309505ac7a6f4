import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';

/** What has a configuration to read again. */
export interface Reloadable {
  /** Logs what changed; rejects with one line for each problem, and has then changed nothing. */
  reload(): Promise<string[]>;
}

/**
 * Reloads on each SIGHUP, one after the other, once `started` has resolved and until `stop` is aborted;
 * at other times SIGHUP means nothing. Returns what gives the signal its usual meaning back.
 */
export function reloadOnHangup(
  daemon: Reloadable,
  { started, stop, log }: { started: Promise<void>; stop: AbortSignal; log: Log },
): () => void {
  let last = started;
  const onHangup = () => {
    last = last.then(
      () => (stop.aborted ? undefined : reload(daemon, log)),
      () => undefined,
    );
  };
  process.on('SIGHUP', onHangup);
  return () => process.off('SIGHUP', onHangup);
}

async function reload(daemon: Reloadable, log: Log): Promise<void> {
  try {
    await daemon.reload();
  } catch (error) {
    for (const problem of errorText(error).split('\n')) log.error(`not reloaded: ${problem}`);
  }
}
