/** A FreeSWITCH that has only one thing to say, and says it as fast as it is listened to. For `esl-events.ts`. */
import { createServer } from 'node:net';
import { answerLines } from './answer-event.ts';

const [events = 0, headers = 0] = process.argv.slice(2).map(Number);
const body = `${answerLines(headers).join('\n')}\n\n`;
const event = `Content-Length: ${body.length}\nContent-Type: text/event-plain\n\n${body}`;
const BATCH = 50;

const server = createServer((socket) => {
  socket.setEncoding('latin1');
  socket.write('Content-Type: auth/request\n\n');
  let text = '';
  socket.on('data', (part) => {
    text += part;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const command = text.slice(0, end);
      text = text.slice(end + 2);
      socket.write('Content-Type: command/reply\nReply-Text: +OK accepted\n\n');
      if (command.startsWith('event')) flood(0);
    }
  });
  const flood = (sent: number) => {
    let next = sent;
    for (let isHungry = true; isHungry && next < events; next += BATCH)
      isHungry = socket.write(event.repeat(BATCH));
    if (next < events) socket.once('drain', () => flood(next));
  };
  socket.on('close', () => server.close());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.stdout.write(`${address?.port}\n`);
});
