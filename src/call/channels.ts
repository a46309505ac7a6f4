import type { Channel } from './channel.ts';

/** The channels that the event sockets know, by every UUID they have had. */
export class Channels {
  readonly #byUuid = new Map<string, Channel>();

  get size(): number {
    return new Set(this.#byUuid.values()).size;
  }

  get(uuid: string): Channel | undefined {
    return this.#byUuid.get(uuid);
  }

  /** What `look` finds under this UUID, or else under another one of the same channel. */
  find<T>(uuid: string, look: (uuid: string) => T | undefined): T | undefined {
    let found = look(uuid);
    if (found !== undefined) return found;
    for (const other of this.#byUuid.get(uuid)?.uuids ?? []) found ??= look(other);
    return found;
  }

  add(channel: Channel): void {
    this.#byUuid.set(channel.info.uuid, channel);
  }

  /** The channel has another UUID now. Its taps go on under the former one, so both lead to it. */
  rename(channel: Channel, uuid: string): void {
    channel.info.uuid = uuid;
    if (!channel.uuids.includes(uuid)) channel.uuids.push(uuid);
    this.#byUuid.set(uuid, channel);
  }

  /** Forgets a channel under all its UUIDs. */
  remove(channel: Channel): void {
    for (const [uuid, known] of this.#byUuid) if (known === channel) this.#byUuid.delete(uuid);
  }

  /** Those of one box. */
  *ofBox(box: string): Generator<Channel> {
    for (const channel of new Set(this.#byUuid.values()))
      if (channel.info.box === box) yield channel;
  }
}
