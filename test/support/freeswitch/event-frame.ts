import type { ByteText, Field } from './field.ts';

export type EventFormat = 'plain' | 'json';

/** An event as one message of the event socket: its length comes first, unlike in replies. */
export function eventFrame(format: EventFormat, fields: readonly Field[], body?: ByteText): Buffer {
  const text = format === 'plain' ? plainText(fields, body) : jsonText(fields, body);
  return Buffer.from(
    `Content-Length: ${text.length}\nContent-Type: text/event-${format}\n\n${text}`,
    'latin1',
  );
}

/** An empty body leaves no trace in the plain form. */
export function plainText(fields: readonly Field[], body?: ByteText): ByteText {
  let text = '';
  for (const field of fields) text += field.plain;
  return body ? `${text}Content-Length: ${body.length}\n\n${body}` : `${text}\n`;
}

export function jsonText(fields: readonly Field[], body?: ByteText): ByteText {
  let text = '';
  for (const field of fields) text += `${text === '' ? '' : ','}${field.json}`;
  if (body !== undefined)
    text += `,"Content-Length":"${body.length}","_body":${JSON.stringify(body)}`;
  return `{${text}}`;
}
