/**
 * One datagram. `bytes` may be longer than `sizeBytes` and is only good during the call.
 * `address` and `port` are the sender's, `arrivalNs` is on the process's monotonic clock.
 */
export type OnDatagram = (
  bytes: Uint8Array,
  sizeBytes: number,
  arrivalNs: number,
  address: string,
  port: number,
) => void;

/** A bound leg socket. */
export interface LegSocket {
  readonly port: number;
  /** Idempotent. */
  close(): Promise<void>;
}

/** How a worker receives: one implementation per way the system offers. */
export interface Receiver {
  /** Binds `host:port`; rejects with the system's error. Datagrams go to `onDatagram` until the socket is closed. */
  bind(host: string, port: number, onDatagram: OnDatagram): Promise<LegSocket>;
  /** Resolves once everything the kernel held when this was called has been handed on. */
  drain(): Promise<void>;
}
