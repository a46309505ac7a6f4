export type { Call, CallEnd, EndedCall } from './call.ts';
export { CallRegistry, type CallRegistryOptions } from './registry.ts';
export { type CallState, type EndReason, next } from './state.ts';
