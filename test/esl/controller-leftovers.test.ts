import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import { controlled, Stage } from './open-controller.ts';

/** Sockets that were closed are there until the event loop has turned. */
const MAX_TURNS = 100;

const resources = () => process.getActiveResourcesInfo().sort();

/** Fails unless there is what was there before, at the latest some turns of the event loop later. */
async function assertAsBefore(before: string[]): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS && resources().join() !== before.join(); turn++)
    await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(resources(), before);
}

describe('a controller that is closed', () => {
  test('leaves no timer, listener or socket after ten connections', async () => {
    const before = resources();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    {
      await using pair = await controlled();
      const { fs, stage } = pair;
      for (let count = 2; count <= 10; count++) {
        const call = fs.channel().answer();
        await stage.until(() => stage.captures.live.includes(call.uuid));
        fs.reset();
        await stage.connected(count);
        assert.equal(fs.connections, 1);
      }
    }
    await assertAsBefore(before);
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  });

  test('waits for nothing any more: no login, tap, box that is away or refuses it', async () => {
    const before = resources();
    {
      await using fs = await FakeFreeswitch.start();
      await using away = await FakeFreeswitch.start();
      await using other = await FakeFreeswitch.start({ password: 'other' });
      await using deaf = await FakeFreeswitch.start();
      await away.stop();
      deaf.freeze();
      const stage = await new Stage([fs, away, other, deaf]).open();
      await stage.connected();
      await stage.logged(({ level }) => level === 'error');
      await stage.logged(({ level }) => level === 'warn');
      fs.faults.nextTaps.push('send-nothing');
      fs.channel().answer();
      await fs.received(/^bgapi uuid_rst/);
      await stage[Symbol.asyncDispose]();
      await assert.rejects(stage.controller.tap('any'), { code: 'RST_NOT_FOUND' });
      assert.equal(stage.controller.close(), stage.controller.close());
      assert.deepEqual(stage.captures.failures, []);
    }
    await assertAsBefore(before);
  });

  test('was never started: closes all the same', async () => {
    const before = resources();
    await using fs = await FakeFreeswitch.start();
    const stage = new Stage([fs]);
    await stage[Symbol.asyncDispose]();
    stage.controller.start();
    assert.deepEqual(stage.controller.boxes(), []);
    await fs.close();
    await assertAsBefore(before);
  });
});
