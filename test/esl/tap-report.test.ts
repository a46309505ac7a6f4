import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EslEvent } from '../../src/esl/event.ts';
import { parseTapReport } from '../../src/esl/tap-report.ts';

function report(...lines: string[]) {
  return parseTapReport(EslEvent.parse(Buffer.from(`Event-Name: CUSTOM\n${lines.join('\n')}\n\n`)));
}

describe('an event of a tap', () => {
  test('says which tap it is of, and what became of it', () => {
    assert.deepEqual(
      report(
        'Event-Subclass: rst%3A%3Astop',
        'Unique-ID: u',
        'RST-Destination: 192.0.2.5%3A9527',
        'RST-Mode: native',
        'RST-Reason: server',
        'RST-Packets: 250%20249',
      ),
      {
        kind: 'stop',
        uuid: 'u',
        destination: '192.0.2.5:9527',
        reason: 'server',
        packets: '250 and 249',
      },
    );
  });

  test('may leave everything out', () => {
    const nothing = { uuid: '', destination: '', reason: '', packets: '' };
    assert.deepEqual(report('Event-Subclass: rst%3A%3Aerror'), { kind: 'error', ...nothing });
    assert.deepEqual(report('Event-Subclass: rst%3A%3Astart'), { kind: 'start', ...nothing });
  });

  test('of another kind is none', () => {
    assert.equal(report('Event-Subclass: sofia%3A%3Aregister'), null);
    assert.equal(report(), null);
  });
});
