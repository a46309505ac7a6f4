import type { ChannelOptions } from './freeswitch/channel-options.ts';
import { EventSocket } from './freeswitch/event-socket.ts';
import { FakeChannel } from './freeswitch/fake-channel.ts';
import { FakeCore } from './freeswitch/fake-core.ts';
import type { FakeTap } from './freeswitch/fake-tap.ts';
import { type Faults, NO_FAULTS } from './freeswitch/faults.ts';
import { byteText, Field } from './freeswitch/field.ts';
import type { FakeFreeswitchOptions, Received, StopKind } from './freeswitch/options.ts';
import type { ModuleKind } from './freeswitch/rst-module.ts';
import { TapMedia } from './freeswitch/tap-media.ts';
import { Waiting } from './freeswitch/waiting.ts';

/**
 * A FreeSWITCH of the parts that a recorder meets: the event socket over TCP, channels whose events are
 * recorded ones with other names in them, and mod_rst, which taps by real UDP.
 */
export class FakeFreeswitch implements AsyncDisposable {
  readonly host = '127.0.0.1';
  /** To be changed at any time. */
  readonly faults: Faults;
  readonly #options: FakeFreeswitchOptions;
  readonly #waiting = new Waiting();
  readonly #media: TapMedia;
  readonly #socket: EventSocket;
  #port: number;
  #core: FakeCore;
  #heartbeat: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  static async start(options: FakeFreeswitchOptions = {}): Promise<FakeFreeswitch> {
    const fake = new FakeFreeswitch(options);
    await fake.#listen();
    return fake;
  }

  private constructor(options: FakeFreeswitchOptions) {
    const { password = 'ClueCon', users = {}, faults = {}, taps = {}, port = 0 } = options;
    this.#options = options;
    this.#port = port;
    this.faults = { ...NO_FAULTS, nextTaps: [], ...faults };
    this.#media = new TapMedia(taps);
    this.#core = this.#newCore();
    this.#socket = new EventSocket({
      password,
      users,
      faults: this.faults,
      onChange: () => this.#waiting.happened(),
    });
  }

  get port(): number {
    return this.#port;
  }

  get coreUuid(): string {
    return this.#core.coreUuid;
  }

  /** All commands since the beginning, restarts included. */
  get commands(): readonly Received[] {
    return this.#socket.commands;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#socket.listeners.size;
  }

  /** How many connections hear an event of this name. */
  subscribers(eventName = 'CHANNEL_ANSWER'): number {
    const listeners = Array.from(this.#socket.listeners);
    return listeners.filter(({ subscription }) => subscription.wants(eventName)).length;
  }

  /** Channels that are up, or never leave. */
  get channels(): FakeChannel[] {
    return this.#core.listed();
  }

  /** Every tap since the last start, the first one first. */
  get taps(): readonly FakeTap[] {
    return this.#core.taps;
  }

  get module(): ModuleKind {
    return this.#core.module;
  }

  set module(kind: ModuleKind) {
    this.#core.module = kind;
  }

  /** A new channel; it says CHANNEL_CREATE. */
  channel(options: ChannelOptions = {}): FakeChannel {
    return new FakeChannel(this.#core, options, this.#core.nextSessionId());
  }

  /** Any other event; `Event-Subclass` among the headers makes it one of CUSTOM's. */
  say(name: string, headers: Record<string, string | Uint8Array> = {}, body?: string): void {
    const { 'Event-Subclass': subclass, ...own } = headers;
    const fields = Object.entries(own).map(([key, value]) => new Field(key, byteText(value)));
    const place = 'switch_event.c:switch_event_fire_detailed:1';
    const text = body === undefined ? undefined : byteText(body);
    this.#core.emit(name, place, fields, text, subclass?.toString());
  }

  heartbeat(): void {
    this.#core.heartbeat();
  }

  /** The first `count` commands that match, come or to come. */
  received(pattern: RegExp, count = 1): Promise<Received[]> {
    const matching = () => this.commands.filter(({ text }) => pattern.test(text)).slice(0, count);
    const isDone = () => matching().length === count;
    const found = this.until(isDone, `${count} of ${pattern}`).then(matching);
    // As in `Waiting`: who fails of something else before it comes must not fail of this as well.
    found.catch(() => {});
    return found;
  }

  /** Resolves once `isDone` holds; asked after each command, connection, end of one, and change of a tap. */
  until(isDone: () => boolean, what = 'what was waited for'): Promise<void> {
    return this.#waiting.until(isDone, `${what} came`);
  }

  /** All connections end with a RST. */
  reset(): void {
    this.#socket.reset();
  }

  /** Reads and writes nothing any more, on new connections neither; TCP stays as it is. */
  freeze(): void {
    this.#socket.freeze();
  }

  thaw(): void {
    this.#socket.thaw();
  }

  /** `reload mod_event_socket`: a notice, and all connections end; calls and their taps go on. */
  reloadEventSocket(): void {
    this.#socket.leave();
  }

  /** Ends without a trace, or after hanging up all calls and with a notice. */
  async stop(kind: StopKind = 'crash'): Promise<void> {
    clearInterval(this.#heartbeat);
    if (kind === 'shutdown') for (const channel of this.channels) channel.hangup('SYSTEM_SHUTDOWN');
    await this.#socket.stop(kind === 'shutdown' ? 'notice' : 'silent');
    await this.#core.close();
  }

  /** After `stop`: listens on the same port, with another Core-UUID and without a channel. */
  async startAgain(): Promise<void> {
    this.#core = this.#newCore();
    await this.#listen();
  }

  async restart(kind: StopKind = 'crash'): Promise<void> {
    await this.stop(kind);
    await this.startAgain();
  }

  /** Leaves no socket, timer or tap behind; what is still waited for is rejected. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.stop('crash');
    this.#media.close();
    this.#waiting.close();
  }

  async #listen(): Promise<void> {
    this.#port = await this.#socket.start(this.#port, this.#core);
    const { heartbeatMs } = this.#options;
    if (heartbeatMs) this.#heartbeat = setInterval(() => this.heartbeat(), heartbeatMs);
  }

  #newCore(): FakeCore {
    const { module = 'prebuilt', moduleNames, ownTarget = null } = this.#options;
    return new FakeCore({
      module,
      moduleNames: { own: 'mod_rst', prebuilt: 'mod_rst', fixed: 'mod_rst_fixed', ...moduleNames },
      ownTarget,
      faults: this.faults,
      media: this.#media,
      onChange: () => this.#waiting.happened(),
    });
  }
}
