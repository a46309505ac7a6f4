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

  /** Makes it known; not in place of one that lives: a call between two boxes may have one UUID on both. */
  add(channel: Channel): void {
    const known = this.#byUuid.get(channel.info.uuid);
    if (!known || known.state === 'gone') this.claim(channel);
  }

  /** Of all channels of its UUID this is the one that is recorded. */
  claim(channel: Channel): void {
    this.#byUuid.set(channel.info.uuid, channel);
  }

  /** The channel has another UUID now. Its taps go on under the former one, so both lead to it. */
  rename(channel: Channel, uuid: string): void {
    channel.info.uuid = uuid;
    if (!channel.uuids.includes(uuid)) channel.uuids.push(uuid);
    this.add(channel);
  }

  /** Forgets a channel under all its UUIDs. */
  remove(channel: Channel): void {
    for (const uuid of channel.uuids)
      if (this.#byUuid.get(uuid) === channel) this.#byUuid.delete(uuid);
  }

  /** Those of one box. */
  *ofBox(box: string): Generator<Channel> {
    for (const channel of new Set(this.#byUuid.values()))
      if (channel.info.box === box) yield channel;
  }
}
