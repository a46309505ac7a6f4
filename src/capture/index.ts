export { type ControlHandlers, ControlSocket, type Source } from './control-socket.ts';
export type { DropReason, MediaSummary } from './media-summary.ts';
export type { OpenCall } from './messages.ts';
export { monotonicFrom } from './monotonic.ts';
export {
  type CaptureEvents,
  type ReservedPair,
  WorkerPool,
  type WorkerPoolOptions,
} from './worker-pool.ts';
