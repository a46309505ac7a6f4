export type { Call, CallEnd, CallFacts, EndedCall } from './call.ts';
export {
  Channel,
  type ChannelFormats,
  type ChannelInfo,
  type ChannelNote,
  type ChannelState,
} from './channel.ts';
export { type ChannelRecord, channelRecord } from './channel-record.ts';
export { Channels } from './channels.ts';
export type { LiveCall, LiveTrack } from './live-call.ts';
export { CallRegistry } from './registry.ts';
export type { CallRegistryOptions } from './registry-options.ts';
export { type CallState, type EndReason, next } from './state.ts';
export type { TapNote } from './tap-note.ts';
export { TapNotes } from './tap-notes.ts';
export type { UntappedCall } from './untapped-call.ts';
