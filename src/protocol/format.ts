import { escapeField, formatExtension } from './extension.ts';
import type { AckMessage, ByeMessage, InvMessage, LegName } from './message.ts';

/**
 * The datagram of an INV, ACK or BYE. A `:` inside CALLER or CALLEE becomes `_`: the wire has no escape
 * for it, unless there is an extension, beside which both are percent-encoded. An INV without ports has
 * no place for an extension and goes without.
 */
export function formatControl(message: InvMessage | AckMessage | ByeMessage): Buffer {
  switch (message.kind) {
    case 'inv': {
      const { uuid, caller, callee, ports, extension } = message;
      if (!ports) return Buffer.from(`INV :${uuid}:${field(caller)}:${field(callee)}`);
      const { readPort, writePort } = ports;
      const [from, to, last] = extension
        ? [escapeField(caller), escapeField(callee), `:${formatExtension(extension)}`]
        : [field(caller), field(callee), ''];
      return Buffer.from(`INV :${uuid}:${from}:${to}:${readPort}:${writePort}${last}`);
    }
    case 'ack': {
      const { uuid, ports, seq } = message;
      if (!ports && !seq) return Buffer.from(`ACK :${uuid}`);
      const pair = ports ? `${ports.readPort}:${ports.writePort}` : ':';
      return Buffer.from(`ACK :${uuid}:${pair}${seq ? ':seq=1' : ''}`);
    }
    case 'bye':
      return Buffer.from(`BYE :${message.uuid}`);
  }
}

function field(text: string): string {
  return text.replaceAll(':', '_');
}

/**
 * A DATA datagram: `DATA:UUID:FLAG:PAYLOAD:LENGTH:` and the payload behind it. With `seq` and `ts`, both
 * from 0 to 2^32 - 1, LENGTH reads `LENGTH,SEQ,TS`: for a call whose ACK accepted it.
 */
export function formatData(
  uuid: string,
  leg: LegName,
  payloadType: number,
  payload: Uint8Array,
  seq = -1,
  ts = -1,
): Buffer {
  const type = payloadType < 0 ? '' : String(payloadType).padStart(2, '0');
  const numbers = seq < 0 || ts < 0 ? '' : `,${seq},${ts}`;
  const header = `DATA:${uuid}:${leg}:${type}:${payload.length}${numbers}:`;
  return Buffer.concat([Buffer.from(header, 'latin1'), payload]);
}
