import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// Loaded into a daemon by `--import`: the wall clock of all its threads, as far as JavaScript reads it, is
// so many milliseconds off as the file of RST_TEST_WALL says now, and a file beside that says when it is.
const file = process.env.RST_TEST_WALL ?? '';
const RealDate = Date;
let shiftMs = 0;

class ShiftedDate extends RealDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(args[0]);
  }

  static override now(): number {
    return RealDate.now() + shiftMs;
  }
}
globalThis.Date = ShiftedDate as DateConstructor;

setInterval(() => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return;
  }
  if (text === '' || Number(text) === shiftMs) return;
  shiftMs = Number(text);
  if (!isMainThread) return;
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, `${file}.taken`);
}, 10).unref();
