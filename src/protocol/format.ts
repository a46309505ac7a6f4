import type { AckMessage, ByeMessage, InvMessage, LegName } from './message.ts';

/** The datagram of an INV, ACK or BYE. A `:` inside CALLER or CALLEE becomes `_`: the wire has no escape for it. */
export function formatControl(message: InvMessage | AckMessage | ByeMessage): Buffer {
  switch (message.kind) {
    case 'inv': {
      const { uuid, caller, callee, ports } = message;
      const tail = ports ? `:${ports.readPort}:${ports.writePort}` : '';
      return Buffer.from(`INV :${uuid}:${field(caller)}:${field(callee)}${tail}`);
    }
    case 'ack': {
      const { uuid, ports } = message;
      return Buffer.from(
        ports ? `ACK :${uuid}:${ports.readPort}:${ports.writePort}` : `ACK :${uuid}`,
      );
    }
    case 'bye':
      return Buffer.from(`BYE :${message.uuid}`);
  }
}

function field(text: string): string {
  return text.replaceAll(':', '_');
}

/** A DATA datagram: `DATA:UUID:FLAG:PAYLOAD:LENGTH:` and the payload behind it. */
export function formatData(
  uuid: string,
  leg: LegName,
  payloadType: number,
  payload: Uint8Array,
): Buffer {
  const type = payloadType < 0 ? '' : String(payloadType).padStart(2, '0');
  const header = Buffer.from(`DATA:${uuid}:${leg}:${type}:${payload.length}:`, 'latin1');
  return Buffer.concat([header, payload]);
}
