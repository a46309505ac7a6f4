import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { factsOf, readChannel } from '../../src/esl/channel-reader.ts';
import { EslEvent } from '../../src/esl/event.ts';

/** Values as plain events have them. */
function eventOf(headers: Record<string, string>): EslEvent {
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${encodeURIComponent(value)}\n`,
  );
  return EslEvent.parse(Buffer.from(`${lines.join('')}\n`));
}

describe('what an event says of its channel', () => {
  test('is all there, times in milliseconds', () => {
    const event = eventOf({
      'Channel-Name': 'sofia/wan/13800001111@192.0.2.1',
      'Unique-ID': 'u1',
      'Call-Direction': 'inbound',
      'Channel-Read-Codec-Name': 'PCMU',
      'Channel-Write-Codec-Name': 'PCMA',
      'Caller-Caller-ID-Name': '张三',
      'Caller-Caller-ID-Number': '13800001111',
      'Caller-Callee-ID-Name': 'Li',
      'Caller-Callee-ID-Number': '1001',
      'Caller-Destination-Number': '9210',
      'Caller-Context': 'public',
      'Caller-Channel-Answered-Time': '1795265224325506',
      'Caller-Channel-Hangup-Time': '0',
      variable_sofia_profile_name: 'wan',
      variable_sip_gateway_name: 'carrier',
      variable_domain_name: 'example.org',
      variable_accountcode: 'acme',
      variable_originator: 'u0',
      variable_bridge_uuid: 'u2',
      variable_department: 'sales',
      variable_list: 'ARRAY::a|:b',
    });
    const info = readChannel(event, 'fs1', ['department', 'list', 'missing']);
    assert.deepEqual(info, {
      uuid: 'u1',
      box: 'fs1',
      channelName: 'sofia/wan/13800001111@192.0.2.1',
      callerName: '张三',
      callerNumber: '13800001111',
      calleeName: 'Li',
      calleeNumber: '9210',
      direction: 'inbound',
      context: 'public',
      profile: 'wan',
      gateway: 'carrier',
      domain: 'example.org',
      accountCode: 'acme',
      originator: 'u0',
      bridgedTo: 'u2',
      readCodec: 'PCMU',
      writeCodec: 'PCMA',
      answeredAtMs: 1795265224326,
      hungUpAtMs: null,
      hangupCause: null,
      variables: { department: 'sales', list: 'ARRAY::a|:b' },
    });
    const facts = factsOf(info, event);
    assert.equal(facts.variable('department'), 'sales');
    assert.equal(facts.variable('missing'), undefined);
    assert.equal(facts.originator, 'u0');
  });

  test('is empty where it is not there or _undef_', () => {
    const undefinedName = '_undef_';
    const event = eventOf({
      'Unique-ID': 'u1',
      'Caller-Caller-ID-Name': undefinedName,
      variable_originator: undefinedName,
      variable_department: undefinedName,
    });
    const info = readChannel(event, 'fs1', ['department']);
    const { callerName, originator, direction, answeredAtMs, variables, profile } = info;
    assert.deepEqual(
      { callerName, originator, direction, answeredAtMs, variables, profile },
      {
        callerName: '',
        originator: null,
        direction: 'unknown',
        answeredAtMs: null,
        variables: {},
        profile: '',
      },
    );
    assert.equal(factsOf(info, event).variable('department'), undefined);
  });

  test('has profile and gateway from the name of the channel where no variable has them', () => {
    const of = (name: string) => readChannel(eventOf({ 'Channel-Name': name }), 'fs1', []);
    assert.equal(of('sofia/internal/1001@192.0.2.1').profile, 'internal');
    assert.equal(of('sofia/gateway/carrier/123').gateway, 'carrier');
    assert.deepEqual([of('loopback/9214-a').profile, of('loopback/9214-a').gateway], ['', '']);
  });

  test('has the domain that was dialled or asked for where the caller has none', () => {
    const of = (headers: Record<string, string>) => readChannel(eventOf(headers), 'fs1', []).domain;
    assert.equal(of({ variable_sip_req_host: 'a', variable_dialed_domain: 'b' }), 'b');
    assert.equal(of({ variable_sip_req_host: 'a' }), 'a');
  });
});
