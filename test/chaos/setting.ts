/** What `npm run test:chaos -- --NAME N` asks for; `usual` where it, or `npm test`, asks for nothing. */
export function setting(name: 'rounds' | 'calls' | 'seed', usual: number): number {
  const text = process.env[variableOf(name)];
  return text === undefined ? usual : Number(text);
}

/** The environment variable that hands it on to the test. */
export function variableOf(name: string): string {
  return `CHAOS_${name.toUpperCase()}`;
}
