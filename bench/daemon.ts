/**
 * What a packet costs the server: `npm run bench -- [--calls N] [--seconds S] [--subjects batched,dgram]
 * [--old-form] [--node-options TEXT]`. See README.md in this folder.
 */
import { parseArgs } from 'node:util';
import { DaemonSubject } from './load/daemon-subject.ts';
import { run } from './load/run.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '5' },
    subjects: { type: 'string', default: 'batched,dgram' },
    'old-form': { type: 'boolean', default: false },
    'node-options': { type: 'string', default: '' },
  },
});

const calls = Number(values.calls);
for (const name of values.subjects.split(',')) {
  await using subject = await DaemonSubject.start(name as 'batched' | 'dgram', {
    ...{ calls, probes: 0, nodeOptions: values['node-options'] },
  });
  process.stderr.write(`${name}: process ${subject.pid}\n`);
  const figures = await run(subject, {
    ...{ calls, seconds: Number(values.seconds), warmUpSeconds: Number(values['warm-up']) },
    ...{ isOldForm: values['old-form'], atOnce: 64 },
  });
  process.stdout.write(`${JSON.stringify({ name, ...figures }, null, 2)}\n`);
}
