/**
 * Runs the tests that receive calls once more, over the receiver that is not the default: node's own sockets.
 * Flags are handed on to `node --test`.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { RECEIVER_NAMES } from '../support/receivers.ts';
import { ReceiverTests } from './receiver-tests.ts';

if (!RECEIVER_NAMES.includes('batched')) {
  console.log('Only dgram works on this machine, so that all tests run over it as they are.');
} else {
  const { status } = spawnSync(
    process.execPath,
    [
      '--test',
      '--test-timeout=300000',
      '--test-reporter=spec',
      ...process.argv.slice(2),
      ...new ReceiverTests().names(),
    ],
    {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, RST_MEDIA_RECEIVER: 'dgram' },
      stdio: 'inherit',
    },
  );
  process.exitCode = status ?? 1;
}
