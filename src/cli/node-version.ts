/** The first Node that runs TypeScript sources without a warning and has all that is used here. */
const NEEDED = [24, 12] as const;

/** One sentence where this version of Node (`24.12.0`) is too old for rst-server, else `undefined`. */
export function unsupportedNode(version: string): string | undefined {
  const parts = version.split('.');
  const major = Number(parts[0]);
  const minor = Number(parts[1]);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return undefined;
  return `needs Node ${NEEDED.join('.')} or newer, but this is Node ${version}; install a newer one from https://nodejs.org/.`;
}
