import { eventBodies } from '../test/esl/transcript.ts';

/** The header lines of a recorded CHANNEL_ANSWER, with variables added up to that many. */
export function answerLines(headers: number): string[] {
  const [body = Buffer.alloc(0)] = eventBodies('plain-inbound-call', 'CHANNEL_ANSWER');
  const lines = body.toString('latin1').trimEnd().split('\n').slice(0, headers);
  for (let i = lines.length; i < headers; i++)
    lines.push(`variable_some_name_${i}: of%20no%20meaning%20${i}`);
  return lines;
}
