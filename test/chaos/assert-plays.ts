import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Each is a process of its own. */
const AT_A_TIME = 2;

/** A file, and the samples that ours has found in each of its channels. */
export interface PlayedFile {
  path: string;
  samples: number;
}

/** All of them open in the readers of others, at the length that ours has found. */
export async function assertPlays(files: readonly PlayedFile[]): Promise<void> {
  // Of one with a head only sox says so on stderr; there is nothing to be played in it.
  const heard = files.filter(({ samples }) => samples > 0);
  if (heard.length === 0) return;
  const sox = await run('sox', ['--i', '-s', ...heard.map(({ path }) => path)]);
  assert.deepEqual(
    [sox.stdout.trim().split('\n').map(Number), sox.stderr],
    [heard.map(({ samples }) => samples), ''],
  );
  const left = [...heard];
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (let file = left.pop(); file; file = left.pop()) await assertProbed(file);
    }),
  );
}

async function assertProbed({ path, samples }: PlayedFile): Promise<void> {
  const probe = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'stream=duration_ts', '-of', 'csv=p=0', path],
  ]);
  assert.deepEqual([probe.stdout.trim(), probe.stderr], [String(samples), ''], path);
}
