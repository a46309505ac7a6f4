import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../fixtures/esl');

export interface Transcript {
  name: string;
  /** All that the server sent. */
  server: Buffer;
  /** What the client sent, each once so many bytes of the server had arrived. */
  commands: { afterBytes: number; text: string }[];
}

export const TRANSCRIPT_NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.server.bin'))
  .map((file) => file.replace('.server.bin', ''))
  .sort();

export function readTranscript(name: string): Transcript {
  const lines = readFileSync(join(FOLDER, `${name}.client.txt`), 'utf8')
    .trimEnd()
    .split('\n');
  return {
    name,
    server: readFileSync(join(FOLDER, `${name}.server.bin`)),
    commands: lines.map((line) => {
      const [afterBytes, text] = line.split('\t') as [string, string];
      return { afterBytes: Number(afterBytes), text };
    }),
  };
}

/** Messages of a recording, cut out the simple way: it is all there. */
export function messagesOf(bytes: Buffer): { contentType: string; header: string; body: Buffer }[] {
  const messages = [];
  for (let at = 0; at < bytes.length; ) {
    const headerEnd = bytes.indexOf('\n\n', at);
    const header = bytes.toString('latin1', at, headerEnd);
    const contentType = /^Content-Type: (.*)$/m.exec(header)?.[1] ?? '';
    const length = Number(/^Content-Length: (\d+)$/m.exec(header)?.[1] ?? 0);
    at = headerEnd + 2 + length;
    messages.push({ contentType, header, body: bytes.subarray(at - length, at) });
  }
  return messages;
}

/** Bodies of the recorded events of that name, in their plain form. */
export function eventBodies(transcript: string, eventName: string): Buffer[] {
  return messagesOf(readTranscript(transcript).server)
    .filter(({ contentType }) => contentType === 'text/event-plain')
    .map(({ body }) => body)
    .filter((body) => body.toString('latin1').startsWith(`Event-Name: ${eventName}\n`));
}
