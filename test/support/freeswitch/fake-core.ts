import { randomUUID } from 'node:crypto';
import type { ApiWorld } from './apis.ts';
import { type EventFormat, eventFrame } from './event-frame.ts';
import { eventHead } from './event-head.ts';
import type { FakeChannel } from './fake-channel.ts';
import { FakeTap, type TapWords } from './fake-tap.ts';
import type { Faults } from './faults.ts';
import { Field } from './field.ts';
import type { Listener } from './listener.ts';
import { placeOf } from './own-module.ts';
import type { ModuleKind } from './rst-module.ts';
import type { Switchboard, TapStarter, TapTarget } from './switchboard.ts';
import type { TapMedia } from './tap-media.ts';
import { heartbeatValues, statusText, type Uptime } from './uptime.ts';

export interface CoreOptions {
  module: ModuleKind;
  moduleNames: Record<Exclude<ModuleKind, 'none'>, string>;
  ownTarget: TapTarget | null;
  faults: Faults;
  media: TapMedia;
  /** Called after everything that somebody may wait for. */
  onChange: () => void;
}

/** FreeSWITCH from one start to the next: its channels, their taps and its events. */
export class FakeCore implements Switchboard, ApiWorld {
  readonly coreUuid = randomUUID();
  readonly channels = new Map<string, FakeChannel>();
  /** Every tap there was, the first one first. */
  readonly taps: FakeTap[] = [];
  readonly listeners = new Set<Listener>();
  module: ModuleKind;
  readonly #options: CoreOptions;
  readonly #startedMs = performance.now();
  #sequence = 0;
  #sessions = 0;

  constructor(options: CoreOptions) {
    this.#options = options;
    this.module = options.module;
  }

  get moduleNames(): CoreOptions['moduleNames'] {
    return this.#options.moduleNames;
  }

  get ownTarget(): TapTarget | null {
    return this.#options.ownTarget;
  }

  nextSessionId(): number {
    return ++this.#sessions;
  }

  add(channel: FakeChannel): void {
    this.channels.set(channel.uuid, channel);
  }

  renamed(channel: FakeChannel, oldUuid: string): void {
    this.channels.delete(oldUuid);
    this.channels.set(channel.uuid, channel);
  }

  hungUp(channel: FakeChannel): void {
    if (this.#options.faults.noBye) this.#vanish(channel.taps);
    else this.stopTaps(channel);
    if (!channel.isLeaking) this.channels.delete(channel.uuid);
  }

  find(uuid: string): FakeChannel | undefined {
    const channel = this.channels.get(uuid);
    return channel?.isUp ? channel : undefined;
  }

  listed(): FakeChannel[] {
    return [...this.channels.values()];
  }

  startTap(channel: FakeChannel, target: TapTarget | null, startedBy: TapStarter = 'api'): void {
    const { faults, media, onChange } = this.#options;
    const fault = faults.nextTaps.shift() ?? 'none';
    if (fault === 'no-bug') return;
    const isOld = this.module === 'prebuilt' || this.module === 'none';
    const form = media.options.form ?? (isOld ? 'old' : 'ports');
    const say: TapWords | undefined =
      this.module === 'own' ? (...words) => this.#sayOfTap(...words) : undefined;
    const tap = new FakeTap(channel, target, startedBy, fault, media, form, onChange, say);
    channel.taps.add(tap);
    this.taps.push(tap);
    onChange();
    tap.start().catch(() => {});
  }

  stopTaps(channel: FakeChannel): void {
    for (const tap of [...channel.taps]) tap.stop();
  }

  status(): string {
    return statusText(this.#uptime());
  }

  heartbeat(): void {
    const values = Object.entries(heartbeatValues(this.#uptime()));
    const fields = values.map(([name, value]) => new Field(name, value));
    this.emit('HEARTBEAT', 'switch_core.c:send_heartbeat:95', fields);
  }

  isWanted(eventName: string): boolean {
    for (const { subscription } of this.listeners) if (subscription.wants(eventName)) return true;
    return false;
  }

  eventHead(name: string, place: string, subclass?: string): Field[] {
    const sequence = ++this.#sequence;
    const identity = { coreUuid: this.coreUuid, sequence };
    return eventHead(name, place, subclass === undefined ? identity : { ...identity, subclass });
  }

  emit(name: string, place: string, fields: Field[], body?: string, subclass?: string): void {
    const all = [...this.eventHead(name, place, subclass), ...fields];
    const frames = new Map<EventFormat, Buffer>();
    for (const listener of this.listeners)
      listener.hear(name, subclass, (format) => {
        const frame = frames.get(format) ?? eventFrame(format, all, body);
        frames.set(format, frame);
        return frame;
      });
  }

  /** Ends all taps without a BYE and forgets all channels, as the end of a process does. */
  async close(): Promise<void> {
    this.channels.clear();
    await Promise.all(this.taps.map((tap) => tap.close()));
  }

  /** The events of the module in mod_rst/ (steward.c). */
  #sayOfTap({ uuid, target }: FakeTap, kind: string, reason: string): void {
    const fields = [
      new Field('Unique-ID', uuid),
      new Field('RST-Destination', target ? placeOf(target) : ''),
      new Field('RST-Mode', 'native'),
      new Field('RST-Reason', reason),
      new Field('RST-Packets', '50 49'),
    ];
    this.emit('CUSTOM', 'steward.c:fire:104', fields, undefined, `rst::${kind}`);
  }

  #vanish(taps: Set<FakeTap>): void {
    for (const tap of [...taps]) tap.close().catch(() => {});
  }

  #uptime(): Uptime {
    const upMs = performance.now() - this.#startedMs;
    return { upMs, sessions: this.channels.size, sessionsSinceStart: this.#sessions };
  }
}
