export { AdminSocket, type AdminSocketOptions } from './admin-socket.ts';
export type { Backend, BoxStatus, DaemonStatus, LiveCall, LiveTrack } from './backend.ts';
