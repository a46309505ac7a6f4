import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RstError } from '../../src/errors.ts';
import { parseTarget, resolveTarget } from '../../src/send/target.ts';

describe('the address of a server', () => {
  test('is a host with or without a port, IPv6 in brackets where it has one', () => {
    for (const [text, host, port] of [
      ['127.0.0.1:9000', '127.0.0.1', 9000],
      ['pbx.example', 'pbx.example', 9527],
      ['[::1]:9000', '::1', 9000],
      ['[fe80::1%eth0]', 'fe80::1%eth0', 9527],
      ['::1', '::1', 9527],
      ['2001:db8::7', '2001:db8::7', 9527],
    ] as const)
      assert.deepEqual(parseTarget(text, 9527), { host, port });
  });

  test('is refused where it is none', () => {
    for (const text of [
      '',
      ':9527',
      'host:',
      'host:0',
      'host:65536',
      'host:x',
      'a b:1',
      '[::1',
      'a:1:2',
    ])
      assert.throws(
        () => parseTarget(text, 9527),
        (error) => error instanceof RstError && error.code === 'RST_USAGE',
        text,
      );
  });

  test('becomes a literal address, IPv4 where the name has one', async () => {
    assert.deepEqual(await resolveTarget('localhost', 9527), {
      address: '127.0.0.1',
      family: 4,
      port: 9527,
    });
    assert.equal((await resolveTarget('::1', 9527)).family, 6);
  });
});
