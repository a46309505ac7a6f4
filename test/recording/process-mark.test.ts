import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { processMark, stateOfProcess } from '../../src/recording/index.ts';

test('this process runs', () => {
  assert.equal(stateOfProcess(processMark()), 'running');
});

test('another process runs until it has ended, also by a kill', async () => {
  const text = `import { processMark } from ${JSON.stringify(import.meta.resolve('../../src/recording/index.ts'))};
    process.stdout.write(JSON.stringify(processMark())); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text]);
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer];
  const mark = JSON.parse(String(bytes));
  assert.equal(mark.pid, child.pid);
  assert.equal(stateOfProcess(mark), 'running');
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  assert.equal(stateOfProcess(mark), 'ended');
});

test('a process that has the number of another is not that', () => {
  const mark = processMark();
  assert.equal(stateOfProcess({ ...mark, started: `${mark.started}0` }), 'ended');
});

test('nobody here sees whether a process of another machine, boot or container runs', () => {
  const mark = processMark();
  for (const other of [{ host: 'other' }, { boot: 'before' }, { pids: 'pid:[1]' }])
    assert.equal(stateOfProcess({ ...mark, ...other }), 'elsewhere');
});
