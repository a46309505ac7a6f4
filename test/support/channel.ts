import { Channel, type ChannelInfo } from '../../src/call/index.ts';

/** An answered inbound call from 138 to 9210. */
export function channelOf(info: Partial<ChannelInfo> = {}): Channel {
  return new Channel({
    uuid: 'u',
    box: 'fs1',
    channelName: 'sofia/internal/138@192.0.2.1',
    callerName: 'Zhang',
    callerNumber: '0138',
    calleeName: 'Desk',
    calleeNumber: '09210',
    direction: 'inbound',
    context: 'public',
    profile: 'internal',
    gateway: '',
    domain: '192.0.2.1',
    accountCode: 'sales',
    originator: null,
    bridgedTo: null,
    readCodec: 'PCMU',
    writeCodec: 'PCMU',
    answeredAtMs: Date.UTC(2026, 2, 1),
    hungUpAtMs: null,
    hangupCause: null,
    variables: { queue: '7' },
    ...info,
  });
}

/** Lets the channel hang up, as its box would say. */
export function hangUp(channel: Channel, hangupCause = 'NORMAL_CLEARING'): Channel {
  channel.state = 'gone';
  channel.info.hangupCause = hangupCause;
  return channel;
}
