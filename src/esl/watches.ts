import type { Watch } from './watch.ts';

/** The channels that one box has, by every UUID they have had. Another box may have the same UUIDs. */
export class Watches {
  readonly #all = new Set<Watch>();
  readonly #byUuid = new Map<string, Watch>();

  get size(): number {
    return this.#all.size;
  }

  get all(): Watch[] {
    return [...this.#all];
  }

  find(uuid: string): Watch | undefined {
    return this.#byUuid.get(uuid);
  }

  /** To be called again when its channel has another UUID. */
  add(watch: Watch): void {
    this.#all.add(watch);
    for (const uuid of watch.channel.uuids) this.#byUuid.set(uuid, watch);
  }

  delete(watch: Watch): void {
    this.#all.delete(watch);
    for (const uuid of watch.channel.uuids)
      if (this.#byUuid.get(uuid) === watch) this.#byUuid.delete(uuid);
  }

  clear(): void {
    this.#all.clear();
    this.#byUuid.clear();
  }
}
