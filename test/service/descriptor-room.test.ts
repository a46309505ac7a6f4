import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/index.ts';
import { descriptorLimitOf, descriptorRoom, descriptorShortage } from '../../src/service/index.ts';

const config = (ports: string, formats: string[] = ['wav'], workers = 2) =>
  configSchema.parse({ media: { ports, workers }, records: { formats } });

test('the limit that is asked for has room for exactly the calls of media.ports', () => {
  for (const ports of ['10000-10001', '10000-10999', '10000-29999'])
    for (const formats of [['wav'], ['stereo'], ['wav', 'raw']])
      for (const workers of [1, 8]) {
        const wanted = config(ports, formats, workers);
        const { needed } = descriptorRoom(0, wanted);
        const enough = descriptorRoom(needed, wanted);
        assert.equal(enough.calls, enough.wanted);
        assert.equal(descriptorShortage(enough), null);
        const short = descriptorRoom(needed - 1, wanted);
        assert.ok(short.calls < short.wanted, `${ports} ${formats} ${workers}`);
      }
});

test('10,000 sockets are a matter of the limit', () => {
  const { wanted, needed } = descriptorRoom(0, config('10000-19999'));
  assert.equal(wanted, 5000);
  assert.ok(needed > 20_000 && needed < 26_000, String(needed));
  assert.equal(descriptorRoom(Number.POSITIVE_INFINITY, config('10000-19999')).calls, Infinity);
});

test('the hard limit counts, because Node takes all of it', () => {
  const line = (hard: string) =>
    `Limit Soft Hard\nMax open files            1024   ${hard}   files\n`;
  assert.equal(descriptorLimitOf(line('4096')), 4096);
  assert.equal(descriptorLimitOf(line('unlimited')), Number.POSITIVE_INFINITY);
  assert.equal(descriptorLimitOf(''), null);
});
