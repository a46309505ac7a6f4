export { AllowList } from './allow-list.ts';
export type { CallStats, LegStats } from './call-stats.ts';
export { type ChosenReceiver, chooseReceiver, type ReceiverName } from './choose-receiver.ts';
export type { ControlHandlers } from './control-intake.ts';
export { type ControlReading, ControlSocket } from './control-socket.ts';
export { DROP_REASONS, type DropReason, type MediaSummary } from './media-summary.ts';
export type { OpenCall, ResumedMedia } from './messages.ts';
export { monotonicFrom } from './monotonic.ts';
export { packetNsOf } from './packet-time.ts';
export { type ReservedPair, STOCK_PAIRS } from './pair-stock.ts';
export { Peers, type SourceRates } from './peers.ts';
export type { Source } from './source.ts';
export { SourceLock, type SourceLockMode } from './source-lock.ts';
export type { RecalledPair } from './watched-pairs.ts';
export {
  type CaptureEvents,
  WorkerPool,
  type WorkerPoolOptions,
} from './worker-pool.ts';
