import type { FakeChannel } from './fake-channel.ts';
import { stampOf } from './stamps.ts';

/** `show channels as json`: without `rows` and with a line end where there is none, as recorded. */
export function channelsJson(channels: FakeChannel[]): string {
  if (channels.length === 0) return '{"row_count": 0}\n';
  return JSON.stringify({ row_count: channels.length, rows: channels.map(row) });
}

function row(channel: FakeChannel): Record<string, string> {
  const { profile, times, uuid } = channel;
  const isRinging = channel.state === 'ringing';
  const { state, callState } = channel.snapshot();
  return {
    uuid,
    direction: profile.direction,
    created: stampOf(times.created),
    created_epoch: String(Math.floor(times.created / 1e6)),
    name: profile.name,
    state: channel.isUp ? state : 'CS_EXECUTE',
    cid_name: profile.callerName,
    cid_num: profile.callerNumber,
    ip_addr: '127.0.0.1',
    dest: profile.destination,
    application: isRinging ? '' : 'playback',
    application_data: isRinging ? '' : '/media/agent.wav',
    dialplan: profile.dialplan,
    context: profile.context,
    read_codec: profile.codec,
    read_rate: '8000',
    read_bit_rate: '64000',
    write_codec: profile.codec,
    write_rate: '8000',
    write_bit_rate: '64000',
    secure: '',
    hostname: 'pbx',
    presence_id: '',
    presence_data: '',
    accountcode: channel.get('accountcode') ?? '',
    callstate: channel.isUp ? callState : 'ACTIVE',
    callee_name: profile.calleeName,
    callee_num: profile.calleeNumber,
    callee_direction: '',
    call_uuid: channel.partner || channel.originator ? channel.callUuid : '',
    sent_callee_name: '',
    sent_callee_num: '',
    initial_cid_name: profile.callerName,
    initial_cid_num: profile.callerNumber,
    initial_ip_addr: '127.0.0.1',
    initial_dest: profile.rdnis || profile.destination,
    initial_dialplan: 'XML',
    initial_context: profile.context,
  };
}
