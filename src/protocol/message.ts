/** The two legs of a tap: R is what the channel reads (the far party), W what is written to it. */
export type LegName = 'R' | 'W';

export interface PortPair {
  readPort: number;
  writePort: number;
}

/**
 * `INV :UUID:CALLER:CALLEE` (old form, `ports` is null: DATA goes to the control port) or
 * `INV :UUID:CALLER:CALLEE:LOCAL_READ_PORT:LOCAL_WRITE_PORT` (port form).
 */
export interface InvMessage {
  kind: 'inv';
  uuid: string;
  caller: string;
  callee: string;
  ports: PortPair | null;
}

/** `ACK :UUID` (to an old-form INV and to BYE) or `ACK :UUID:SERVER_READ_PORT:SERVER_WRITE_PORT`. */
export interface AckMessage {
  kind: 'ack';
  uuid: string;
  ports: PortPair | null;
}

/** `BYE :UUID` */
export interface ByeMessage {
  kind: 'bye';
  uuid: string;
}

export type ControlMessage = InvMessage | AckMessage | ByeMessage;

/** Why a datagram is none of the four messages. */
export type MalformedReason = 'too-short' | 'unknown-verb' | 'bad-uuid' | 'bad-field' | 'bad-ports';

export interface Malformed {
  kind: 'malformed';
  reason: MalformedReason;
}

/** A UUID is whatever `origination_uuid` was: 1 to this many printable ASCII bytes without `:`. */
export const MAX_UUID_BYTES = 128;
