import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openRegistry, TAP } from './open-registry.ts';

describe('calls beyond calls.max_calls', () => {
  test('get no answer, are counted, and are said once a minute', (t) => {
    const { registry, pool, inv, takeSent, warnings, pass, drops } = openRegistry(t, {
      maxCalls: 2,
      noMediaTimeoutMs: 1e9,
    });
    for (let i = 0; i < 52; i++) inv(`u${i}`);
    assert.deepEqual([registry.liveCalls, pool.opened.length, takeSent().length], [2, 2, 2]);
    const said = () => warnings().filter((text) => text.includes('calls.max_calls'));
    assert.equal(said().length, 1);
    pass(60_000);
    inv('u99');
    assert.equal(said().length, 2);
    assert.match(said()[1] ?? '', /\(50 tries since this was said last\)/);
    assert.deepEqual(drops(), { 'too-many-calls': 51 });
  });

  test('are not opened by their packets either, and those that run go on', (t) => {
    const { registry, pool, inv, data, drops } = openRegistry(t, { maxCalls: 1 });
    inv('u');
    for (let i = 0; i < 3; i++) data('stranger');
    data('u');
    inv('u');
    assert.equal(registry.liveCalls, 1);
    assert.equal(pool.delivered.length, 1);
    assert.deepEqual(drops(), { 'too-many-calls': 3 });
  });

  test('may begin when one that has ended is filed, and no sooner', async (t) => {
    const { registry, pool, inv, bye } = openRegistry(t, { maxCalls: 1 });
    inv('u');
    bye('u', TAP);
    inv('v');
    assert.equal(registry.liveCalls, 0);
    registry.finished(pool.opened[0]?.call.callId ?? 0, {
      durationMs: 0,
      tracks: {},
      recording: { segment: 1 },
      masks: [],
      warnings: [],
    } as never);
    await new Promise(setImmediate);
    inv('v');
    assert.equal(registry.liveCalls, 1);
  });

  test('do not keep a call from going on that had ended for want of media', (t) => {
    const { registry, inv, data, pass } = openRegistry(t, { maxCalls: 2, idleTimeoutMs: 1000 });
    inv('u', TAP, null);
    registry.activity(1, 1e9);
    pass(2000);
    assert.equal(registry.liveCalls, 0);
    inv('v', TAP, null);
    for (let i = 0; i < 3; i++) data('u');
    assert.equal(registry.liveCalls, 2);
  });
});
