import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doOverlap, portRangesOf } from './port-ranges.ts';

test('the ports of a test file are those that it names, and the usual ones of a daemon without any', () => {
  assert.deepEqual(
    portRangesOf(
      "await DaemonProcess.start({ mediaPorts: '12100-12101' }); DaemonProcess.start();",
    ),
    [
      [12_100, 12_101],
      [10_000, 11_999],
    ],
  );
  assert.deepEqual(portRangesOf("DaemonProcess.start({ mediaPorts: '12100-12101' })"), [
    [12_100, 12_101],
  ]);
  assert.deepEqual(portRangesOf('startParts(t, { firstPort: 15_100 })'), [[15_100, 15_139]]);
  assert.deepEqual(portRangesOf('parse(1)'), []);
});

test('ranges overlap where they have a port in common', () => {
  assert.ok(
    doOverlap(
      [[10, 20]],
      [
        [1, 2],
        [20, 30],
      ],
    ),
  );
  assert.ok(!doOverlap([[10, 20]], [[21, 30]]));
  assert.ok(!doOverlap([], [[21, 30]]));
});
