export type { LiveCall, LiveTrack } from '../call/index.ts';
export type { BoxStatus } from '../esl/index.ts';
export type { Health, HealthCheck } from '../service/index.ts';
export { AdminSocket, type AdminSocketOptions } from './admin-socket.ts';
export type { Backend, DaemonStatus } from './backend.ts';
