/**
 * How many events a link takes, and what one costs: `node bench/esl-events.ts [EVENTS [HEADERS [LOOK_UPS]]]`.
 * FreeSWITCH is another process, so the processor time is that of the listening one alone.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Link } from '../src/esl/index.ts';
import { answerLines } from './answer-event.ts';

const [events = 100_000, headers = 250, lookUps = 40] = process.argv.slice(2).map(Number);
/** Not counted: until then everything is compiled. */
const WARM_UP = Math.floor(events / 5);
const lines = answerLines(headers);
const wanted = Array.from({ length: lookUps }, (_, i) =>
  // One of ten is not there and has to be searched for up to the end.
  i % 10 === 9
    ? `variable_missing_${i}`
    : (lines[Math.floor((i * headers) / lookUps)]?.split(': ')[0] as string),
);

const flood = spawn(process.execPath, [
  join(import.meta.dirname, 'event-flood.ts'),
  ...[events, headers].map(String),
]);
const port = Number(String((await once(flood.stdout, 'data'))[0]));
const done = Promise.withResolvers<void>();
let count = 0;
let found = 0;
let startedMs = 0;
let cpu = process.cpuUsage();
const link = new Link(
  {
    ...{ host: '127.0.0.1', port, password: 'x' },
    ...{ connectTimeoutMs: 5000, authTimeoutMs: 5000, commandTimeoutMs: 5000 },
  },
  {
    event: (event) => {
      if (++count === WARM_UP) {
        startedMs = performance.now();
        cpu = process.cpuUsage();
      }
      for (const name of wanted) if (event.get(name) !== undefined) found++;
      if (count === events) done.resolve();
    },
    closed: () => {},
    failed: done.reject,
  },
);
await link.start();
await link.subscribe(['CHANNEL_ANSWER'], []);
await done.promise;
const seconds = (performance.now() - startedMs) / 1000;
const { user, system } = process.cpuUsage(cpu);
const counted = events - WARM_UP;
await link.close();
process.stdout.write(
  `${headers} headers, ${lookUps} looked up (${found / events} found): ${Math.round(counted / seconds)} events/s, ` +
    `${((user + system) / counted).toFixed(1)} µs of processor time each, ` +
    `${Math.round(process.memoryUsage.rss() / 1e6)} MB\n`,
);
