import { once } from 'node:events';
import { connect } from 'node:net';
import { messagesOf, readTranscript } from './transcript.ts';

export interface Replayed {
  recorded: Buffer;
  received: Buffer;
  /** Whether the server has closed the connection by itself. */
  isClosed: boolean;
}

/**
 * Plays the client of a recorded transcript to a server. Each command goes out once as many messages have
 * come as had then. A hook is for what happens in between: it runs once the command before has its reply,
 * by the offset of the command behind it or `end`.
 */
export async function replayTranscript(
  name: string,
  port: number,
  hooks: Record<string, () => void> = {},
): Promise<Replayed> {
  const { server: recorded, commands } = readTranscript(name);
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  let isClosed = false;
  socket.on('end', () => {
    isClosed = true;
  });
  socket.on('data', (bytes: Buffer) => chunks.push(bytes));
  const messages = async (count: number) => {
    while (messagesOf(Buffer.concat(chunks)).length < count) await once(socket, 'data');
  };
  let answered = 0;
  const run = async (at: number | 'end') => {
    await messages(answered);
    hooks[at]?.();
  };
  for (let i = 0; i < commands.length; i++) {
    const offset = commands[i]?.offset ?? 0;
    await run(offset);
    answered = messagesOf(recorded.subarray(0, offset)).length;
    await messages(answered++);
    let text = `${commands[i]?.text}\n\n`;
    // What was sent back to back goes out as one.
    for (; commands[i + 1]?.offset === offset; answered++) text += `${commands[++i]?.text}\n\n`;
    socket.write(text);
  }
  await run('end');
  await messages(messagesOf(recorded).length);
  const isLast = recorded.includes('text/disconnect-notice');
  if (isLast && !isClosed) await once(socket, 'end');
  socket.destroy();
  return { recorded, received: Buffer.concat(chunks), isClosed };
}
