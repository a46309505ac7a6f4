/**
 * npm test                   all tests
 * npm run test:receivers     those that receive calls once more, over node's own sockets
 *
 * Flags are handed on to `node --test`.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { RECEIVER_NAMES } from '../support/receivers.ts';
import { ReceiverTests } from './receiver-tests.ts';
import { runFiles } from './run-files.ts';

const root = join(import.meta.dirname, '../..');
const flags = process.argv.slice(2).filter((flag) => flag !== '--over-dgram');
const isOverDgram = flags.length < process.argv.length - 2;

if (isOverDgram && !RECEIVER_NAMES.includes('batched')) {
  console.log('Only dgram works on this machine, so that all tests run over it as they are.');
} else {
  const names = isOverDgram
    ? new ReceiverTests().names()
    : globSync('test/**/*.test.ts', { cwd: root }).sort();
  const receiver = isOverDgram ? { RST_MEDIA_RECEIVER: 'dgram' } : {};
  const { failed, sums } = await runFiles(names, {
    ...{ root, flags, env: { ...process.env, ...receiver } },
    print: (text) => void process.stdout.write(text),
  });
  const said = [...sums].map(([what, count]) => `${what} ${count}`).join(', ');
  console.log(`\n${names.length - failed.length} of ${names.length} files passed: ${said}`);
  for (const name of failed) console.log(`failed: ${name}`);
  process.exitCode = failed.length === 0 && names.length > 0 ? 0 : 1;
}
