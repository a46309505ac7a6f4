import { acceptsSeq, parseExtension, unescapeField } from './extension.ts';
import {
  type ControlMessage,
  MAX_UUID_BYTES,
  type Malformed,
  type MalformedReason,
  type PortPair,
} from './message.ts';

const TEXT = new TextDecoder();

/** Longer than any INV that a person's number and name can fill; what is beyond is no message of ours. */
const MAX_CONTROL_BYTES = 2048;

/**
 * Parses INV, ACK and BYE. Never throws: whatever the bytes are, the answer says what they are.
 *
 *     INV :UUID:CALLER:CALLEE
 *     INV :UUID:CALLER:CALLEE:LOCAL_READ_PORT:LOCAL_WRITE_PORT[:seq=1,ptime=20,rate=16000,box=fs1]
 *     ACK :UUID[:SERVER_READ_PORT:SERVER_WRITE_PORT[:seq=1]]
 *     ACK :UUID:::seq=1
 *     BYE :UUID
 *
 * Tolerated, because senders do it: extra spaces in the verb (`INV  :`), a trailing NUL, CR or LF,
 * and fields behind the last one known. CALLER and CALLEE are read as UTF-8; what is not UTF-8 in
 * them becomes U+FFFD. Beside an extension, and only there, they are percent-decoded.
 */
export function parseControl(datagram: Uint8Array): ControlMessage | Malformed {
  if (datagram.length < 6) return malformed('too-short');
  if (datagram.length > MAX_CONTROL_BYTES) return malformed('bad-field');
  const text = trimEnd(TEXT.decode(datagram));
  const colon = text.indexOf(':');
  const verb = text.slice(0, Math.max(colon, 0)).trimEnd();
  const fields = text.slice(colon + 1).split(':');
  const uuid = fields[0] as string;
  switch (verb) {
    case 'INV':
      return isUuid(uuid) ? parseInv(uuid, fields) : malformed('bad-uuid');
    case 'ACK':
      return isUuid(uuid) ? parseAck(uuid, fields) : malformed('bad-uuid');
    case 'BYE':
      return isUuid(uuid) ? { kind: 'bye', uuid } : malformed('bad-uuid');
    default:
      return malformed('unknown-verb');
  }
}

/** False where it can't be INV, ACK or BYE, which its first three bytes say. */
export function hasVerb(datagram: Uint8Array): boolean {
  switch (datagram[0]) {
    case 0x49:
      return datagram[1] === 0x4e && datagram[2] === 0x56;
    case 0x41:
      return datagram[1] === 0x43 && datagram[2] === 0x4b;
    case 0x42:
      return datagram[1] === 0x59 && datagram[2] === 0x45;
    default:
      return false;
  }
}

function parseInv(uuid: string, fields: string[]): ControlMessage | Malformed {
  const [, caller, callee, readPort, writePort, last] = fields;
  if (caller === undefined || callee === undefined) return malformed('bad-field');
  const ports = parsePorts(readPort, writePort);
  if (ports === 'bad-ports') return malformed(ports);
  const extension = ports && parseExtension(last);
  if (!extension) return { kind: 'inv', uuid, caller, callee, ports, extension: null };
  const parties = { caller: unescapeField(caller), callee: unescapeField(callee) };
  return { kind: 'inv', uuid, ...parties, ports, extension };
}

function parseAck(uuid: string, fields: string[]): ControlMessage | Malformed {
  const ports = parsePorts(fields[1], fields[2]);
  if (ports === 'bad-ports') return malformed(ports);
  return { kind: 'ack', uuid, ports, seq: acceptsSeq(fields[3]) };
}

/** Both ports, or null where both are missing or empty. */
function parsePorts(read: string | undefined, write: string | undefined) {
  if (!read && !write) return null;
  const readPort = parsePort(read);
  const writePort = parsePort(write);
  if (readPort === undefined || writePort === undefined) return 'bad-ports';
  return { readPort, writePort } satisfies PortPair;
}

function parsePort(field: string | undefined): number | undefined {
  if (field === undefined || field.length < 1 || field.length > 5) return undefined;
  let port = 0;
  for (let i = 0; i < field.length; i++) {
    const digit = field.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
  }
  return port >= 1 && port <= 65535 ? port : undefined;
}

/** True for 1 to 128 printable ASCII characters without `:` and space. */
export function isUuid(text: string): boolean {
  if (text.length < 1 || text.length > MAX_UUID_BYTES) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x21 || code > 0x7e || code === 0x3a) return false;
  }
  return true;
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) <= 0x20 && text[end - 1] !== '\t') end--;
  return text.slice(0, end);
}

function malformed(reason: MalformedReason): Malformed {
  return { kind: 'malformed', reason };
}
