import { setTimeout as sleep } from 'node:timers/promises';
import { print } from './print.ts';

const INTERVAL_MS = 1_000;

/** A screen of its own that the shell's comes back after, without cursor, and long lines end at its edge. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_TO_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * Shows what `render` returns, again every second: on a `screen` in place, as `lines` one below the
 * other. Resolves on SIGINT or SIGTERM, and when the reader is gone; rejects with what `render` does.
 */
export async function watch(
  where: 'screen' | 'lines',
  render: (signal: AbortSignal) => Promise<string>,
): Promise<void> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    // Before the screen changes, so that who finds no daemon reads it on his own.
    const first = await render(abort.signal);
    if (where === 'lines') await repeat(first, render, abort.signal);
    else
      await onScreen(() =>
        repeat(frame(first), async (signal) => frame(await render(signal)), abort.signal),
      );
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Prints `first`, and what `render` returns each time after it, until the reader is gone. */
async function repeat(
  first: string,
  render: (signal: AbortSignal) => Promise<string>,
  signal: AbortSignal,
): Promise<void> {
  for (let text = first; await print(text); text = await render(signal))
    await sleep(INTERVAL_MS, undefined, { signal });
}

async function onScreen(show: () => Promise<void>): Promise<void> {
  await print(ENTER);
  try {
    await show();
  } finally {
    await print(LEAVE);
  }
}

/** As many lines as the screen has, drawn over those before. */
function frame(text: string): string {
  const lines = text.trimEnd().split('\n');
  const rows = process.stdout.rows || lines.length;
  const shown =
    lines.length <= rows
      ? lines
      : [...lines.slice(0, rows - 1), `${lines.length - rows + 1} more lines than fit`];
  return `${HOME}${shown.join(`${CLEAR_TO_LINE_END}\n`)}${CLEAR_TO_LINE_END}${CLEAR_BELOW}`;
}
