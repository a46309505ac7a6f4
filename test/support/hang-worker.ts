import { existsSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// Loaded into a daemon by `--import`: its capture workers hang for as long as the file of RST_TEST_HANG
// is there, and say so with one beside it.
const file = process.env.RST_TEST_HANG;
if (!isMainThread && file)
  setInterval(() => {
    if (!existsSync(file)) return;
    writeFileSync(`${file}.hung`, '');
    while (existsSync(file));
  }, 20).unref();
