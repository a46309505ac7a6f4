import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { chooseReceiver } from '../../src/capture/index.ts';
import { selfTest } from '../../src/capture/self-test.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { RECEIVERS } from '../support/receivers.ts';

const now = () => performance.now() * 1e6;
const skip = !RECEIVERS.batched && 'no batched receiver on this machine';

/** Environment of a process in which koffi is not installed. */
async function withoutKoffi(t: TestContext): Promise<Record<string, string>> {
  const dir = await mkdtemp(join(tmpdir(), 'no-koffi-'));
  t.after(() => rm(dir, { recursive: true }));
  const file = join(dir, 'no-koffi.cjs');
  await writeFile(
    file,
    `const Module = require('node:module');
    const load = Module._load;
    Module._load = (name, ...rest) => {
      if (name === 'koffi') throw new Error("Cannot find module 'koffi'\\nRequire stack: …");
      return load(name, ...rest);
    };`,
  );
  return { NODE_OPTIONS: `--require=${file}` };
}

describe('media.receiver', () => {
  test('dgram is taken at its word', async () => {
    const reason = 'media.receiver = "dgram"';
    assert.deepEqual(await chooseReceiver('dgram', now), { name: 'dgram', reason });
  });

  test('auto is batched where its self-test passes', { skip }, async () => {
    await selfTest(now);
    const reason = 'its self-test passed';
    assert.deepEqual(await chooseReceiver('auto', now), { name: 'batched', reason });
    const asked = 'media.receiver = "batched"';
    assert.deepEqual(await chooseReceiver('batched', now), { name: 'batched', reason: asked });
  });

  test('auto is dgram on another kind of machine, and says so', async (t) => {
    const arch = Object.getOwnPropertyDescriptor(process, 'arch') as PropertyDescriptor;
    Object.defineProperty(process, 'arch', { ...arch, value: 'ia32' });
    t.after(() => Object.defineProperty(process, 'arch', arch));
    const { name, reason } = await chooseReceiver('auto', now);
    assert.equal(name, 'dgram');
    assert.match(reason, /^batched receiving is for 64-bit Linux, not \w+ on ia32$/);
  });

  test('auto starts without koffi too, and the log says which and why', async (t) => {
    await using daemon = await DaemonProcess.start({ env: await withoutKoffi(t) });
    const line = daemon.log.find(({ msg }) => msg === 'listening');
    assert.equal(line?.receiver, 'dgram');
    if (process.platform === 'linux')
      assert.equal(
        line?.receiverReason,
        "the package koffi can't be loaded: Cannot find module 'koffi'",
      );
  });

  test('batched refuses to start where it can not work, in one sentence', async (t) => {
    const env = { ...(await withoutKoffi(t)), RST_MEDIA_RECEIVER: 'batched' };
    await assert.rejects(
      DaemonProcess.start({ env }),
      /ended with 2: .*media\.receiver = "batched" can't work here: .*; choose "auto" or "dgram"/,
    );
  });
});
