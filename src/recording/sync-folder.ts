import { open } from 'node:fs/promises';

/** Makes the names in a folder durable; where the system can't sync folders there is nothing to do. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => null);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
