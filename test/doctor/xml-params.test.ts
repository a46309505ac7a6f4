import assert from 'node:assert/strict';
import { test } from 'node:test';
import { xmlParams } from '../../src/doctor/xml-params.ts';

test('params are read in any order of their attributes, and not out of comments', () => {
  const xml = `<settings><param name="a" value="1"></param>
    <!-- <param name="b" value="2"/> --><param value='3' name='c'/><param name="d"/><param name="a" value="4"/>`;
  assert.deepEqual(
    xmlParams(xml),
    new Map([
      ['a', '4'],
      ['c', '3'],
      ['d', ''],
    ]),
  );
  assert.equal(xmlParams("can't find anything\n").size, 0);
});
