import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ByteText } from './field.ts';

const FOLDER = join(import.meta.dirname, '../../fixtures/esl');

/** One message of a server: its header lines and the body that they announce. */
export interface Message {
  head: ByteText;
  body: ByteText;
}

export interface RecordedCommand {
  /** How many bytes of the server had come when it was sent. */
  offset: number;
  text: string;
}

/** A recorded connection: everything the server sent, and the commands with their place in it. */
export interface Transcript {
  server: Buffer;
  messages: Message[];
  commands: RecordedCommand[];
}

export function readTranscript(name: string): Transcript {
  const server = readFileSync(join(FOLDER, `${name}.server.bin`));
  const lines = readFileSync(join(FOLDER, `${name}.client.txt`), 'utf8').split('\n');
  const commands = lines.filter(Boolean).map((line) => {
    const [offset, text = ''] = line.split('\t');
    return { offset: Number(offset), text: text.replaceAll('\\n', '\n') };
  });
  return { server, messages: messagesOf(server), commands };
}

/** The whole messages among the bytes of a server. */
export function messagesOf(bytes: Buffer): Message[] {
  const messages: Message[] = [];
  for (let at = 0; ; ) {
    const headEnd = bytes.indexOf('\n\n', at);
    if (headEnd < 0) return messages;
    const head = bytes.toString('latin1', at, headEnd);
    const bodyEnd = headEnd + 2 + Number(/^Content-Length: (\d+)$/m.exec(head)?.[1] ?? 0);
    if (bodyEnd > bytes.length) return messages;
    messages.push({ head, body: bytes.toString('latin1', headEnd + 2, bodyEnd) });
    at = bodyEnd;
  }
}

/** Headers of the events in a transcript, decoded, in their order. Both formats are read. */
export function recordedEvents(name: string): [name: string, value: ByteText][][] {
  return readTranscript(name).messages.flatMap(({ head, body }) => {
    if (head.includes('text/event-json')) return [jsonPairs(body)];
    return head.includes('text/event-plain') ? [plainPairs(body)] : [];
  });
}

function plainPairs(body: ByteText): [string, ByteText][] {
  const [headers = ''] = body.split('\n\n');
  return headers.split('\n').flatMap((line): [string, ByteText][] => {
    const colon = line.indexOf(': ');
    if (colon < 0) return [];
    const value = line.slice(colon + 2).replace(/%([0-9A-F]{2})/g, (_, hex) => fromHex(hex));
    return [[line.slice(0, colon), value]];
  });
}

/** Read pair by pair: an object would lose the second of two equal keys. */
function jsonPairs(body: ByteText): [string, ByteText][] {
  const pairs = body.matchAll(/"((?:[^"\\]|\\.)*)":"((?:[^"\\]|\\.)*)"/g);
  return Array.from(pairs, ([, key, value]) => [key as string, JSON.parse(`"${value}"`) as string]);
}

function fromHex(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}
