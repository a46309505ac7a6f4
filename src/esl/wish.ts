import type { ChannelFacts } from './channel.ts';

/** What is to become of a call. */
export type Action = 'record' | 'skip';

/** What the channel variable rst_record asks for, and how it is written; null where it is not set or says neither. */
export function wishOf(
  facts: Pick<ChannelFacts, 'variable'>,
): { action: Action; value: string } | null {
  const value = facts.variable('rst_record')?.trim().toLowerCase() ?? '';
  const action = WISHES.get(value);
  return action ? { action, value } : null;
}

const WISHES: ReadonlyMap<string, Action> = new Map([
  ...['true', 'yes', '1', 'on'].map((text) => [text, 'record'] as const),
  ...['false', 'no', '0', 'off'].map((text) => [text, 'skip'] as const),
]);
