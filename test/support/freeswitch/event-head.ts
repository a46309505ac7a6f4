import { Field } from './field.ts';
import { gmtOf, nowUs, stampOf } from './stamps.ts';

/** The 13 headers in front of every event; `place` is `file:function:line`. */
export function eventHead(
  name: string,
  place: string,
  { coreUuid, sequence, subclass }: { coreUuid: string; sequence: number; subclass?: string },
): Field[] {
  const [file = '', func = '', line = ''] = place.split(':');
  const atUs = nowUs();
  const values: [string, string][] = [
    ['Event-Name', name],
    ['Core-UUID', coreUuid],
    ['FreeSWITCH-Hostname', 'pbx'],
    ['FreeSWITCH-Switchname', 'pbx'],
    ['FreeSWITCH-IPv4', '127.0.0.1'],
    ['FreeSWITCH-IPv6', '::1'],
    ['Event-Date-Local', stampOf(atUs)],
    ['Event-Date-GMT', gmtOf(atUs)],
    ['Event-Date-Timestamp', String(atUs)],
    ['Event-Calling-File', file],
    ['Event-Calling-Function', func],
    ['Event-Calling-Line-Number', line],
    ['Event-Sequence', String(sequence)],
  ];
  if (subclass !== undefined) values.splice(1, 0, ['Event-Subclass', subclass]);
  return values.map(([header, value]) => new Field(header, value));
}
