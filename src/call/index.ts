export type { Call, CallEnd, EndedCall } from './call.ts';
export {
  Channel,
  type ChannelFormats,
  type ChannelInfo,
  type ChannelNote,
  type ChannelState,
} from './channel.ts';
export { Channels } from './channels.ts';
export { CallRegistry } from './registry.ts';
export type { CallRegistryOptions } from './registry-options.ts';
export { type CallState, type EndReason, next } from './state.ts';
