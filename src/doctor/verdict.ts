import type { CheckStatus, Verdict } from './check.ts';

export function ok(found: string): Verdict {
  return { status: 'ok', found };
}

export function warning(found: string, todo: string): Verdict {
  return { status: 'warning', found, todo };
}

export function failed(found: string, todo: string): Verdict {
  return { status: 'failed', found, todo };
}

/** A sentence of ours, `what is wrong; what to do`, cut in two; `advice` is what to do where it says nothing of it. */
export function fromSentence(
  status: Exclude<CheckStatus, 'ok'>,
  sentence: string,
  advice: string,
): Verdict {
  const at = sentence.lastIndexOf('; ');
  if (at < 0) return { status, found: sentence, todo: advice };
  return { status, found: sentence.slice(0, at), todo: sentence.slice(at + 2) };
}
