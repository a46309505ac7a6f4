import { readFile } from 'node:fs/promises';

/** Between the ports of tests and those that the system gives out itself. */
const FIRST_PORT = 17_000;
const LAST_PORT = 32_767;

/** A range of so many ports that nobody has now, as `media.ports` has it. Throws where there is none. */
export async function freePorts(count: number): Promise<string> {
  const table = await readFile('/proc/net/udp', 'latin1');
  const taken = new Set(
    [...table.matchAll(/^ *\d+: [\dA-F]+:([\dA-F]{4}) /gm)].map(([, port = '']) =>
      Number.parseInt(port, 16),
    ),
  );
  let first = FIRST_PORT;
  for (let port = first; port <= LAST_PORT; port++) {
    if (taken.has(port)) first = port + 1 + ((port + 1) & 1);
    if (port - first === count - 1) return `${first}-${port}`;
  }
  throw new Error(`no ${count} ports in a row are free between ${FIRST_PORT} and ${LAST_PORT}`);
}
