import type { InvExtension } from './extension.ts';

/** The two legs of a tap: R is what the channel reads (the far party), W what is written to it. */
export type LegName = 'R' | 'W';

export interface PortPair {
  readPort: number;
  writePort: number;
}

/**
 * `INV :UUID:CALLER:CALLEE` (old form, `ports` is null: DATA goes to the control port) or
 * `INV :UUID:CALLER:CALLEE:LOCAL_READ_PORT:LOCAL_WRITE_PORT` (port form), which may have an
 * extension behind it.
 */
export interface InvMessage {
  kind: 'inv';
  uuid: string;
  caller: string;
  callee: string;
  ports: PortPair | null;
  /** Of the port form only; left out is null. */
  extension?: InvExtension | null;
}

/** An INV as it was read. */
export interface ParsedInv extends InvMessage {
  extension: InvExtension | null;
}

/**
 * `ACK :UUID` (to an old-form INV and to BYE) or `ACK :UUID:SERVER_READ_PORT:SERVER_WRITE_PORT`;
 * with `:seq=1` behind it where DATA shall be numbered, `ACK :UUID:::seq=1` without ports.
 */
export interface AckMessage {
  kind: 'ack';
  uuid: string;
  ports: PortPair | null;
  /** Left out is false. */
  seq?: boolean;
}

/** An ACK as it was read. */
export interface ParsedAck extends AckMessage {
  seq: boolean;
}

/** `BYE :UUID` */
export interface ByeMessage {
  kind: 'bye';
  uuid: string;
}

/** What `parseControl` reads. */
export type ControlMessage = ParsedInv | ParsedAck | ByeMessage;

/** Why a datagram is none of the four messages. */
export type MalformedReason = 'too-short' | 'unknown-verb' | 'bad-uuid' | 'bad-field' | 'bad-ports';

export interface Malformed {
  kind: 'malformed';
  reason: MalformedReason;
}

/** A UUID is whatever `origination_uuid` was: 1 to this many printable ASCII bytes without `:`. */
export const MAX_UUID_BYTES = 128;
