import type { Channel, Channels } from '../call/index.ts';
import type { Box, Config } from '../config/index.ts';
import { errorText, RstError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { BoxStatus } from './box-status.ts';
import type { Captures } from './captures.ts';
import { isCommandWord } from './command-word.ts';
import { Leftovers } from './leftovers.ts';
import { Policy } from './policy.ts';
import type { TapSettings } from './roster-options.ts';
import type { Rule } from './rule.ts';
import { Session } from './session.ts';
import { formatTarget } from './tap-target.ts';
import type { Watch } from './watch.ts';

/** What a reload can change. */
export interface ControllerSettings {
  boxes: readonly Box[];
  esl: Config['esl'];
  trigger: Config['trigger'];
  rules: readonly Rule[];
}

export interface ControllerOptions extends ControllerSettings {
  channels: Channels;
  captures: Captures;
  /** The UDP port that taps are sent to; asked for once boxes are connected. */
  controlPort(): number;
  /** Monotonic, ns. */
  now(): number;
  /** Lets in the datagrams of a box, whose address is known once it is connected. */
  admitBox(address: string): void;
  log: Log;
  /** From 0 up to 1; `Math.random` by default. */
  random?(): number;
}

/** The event sockets of all boxes: which calls there are, and that those to be recorded are tapped. */
export class Controller implements AsyncDisposable {
  readonly #options: ControllerOptions;
  readonly #sessions = new Map<string, Session>();
  /** Which session has which FreeSWITCH. */
  readonly #cores = new Map<string, Session>();
  readonly #ending = new Set<Promise<void>>();
  readonly #leftovers: Leftovers;
  #settings: ControllerSettings;
  #tapSettings: TapSettings;
  #phase: 'idle' | 'running' | 'closed' = 'idle';
  #closing: Promise<void> | null = null;

  constructor(options: ControllerOptions) {
    const { boxes, esl, trigger, rules } = options;
    this.#options = options;
    this.#leftovers = new Leftovers(options);
    this.#settings = { boxes, esl, trigger, rules };
    this.#tapSettings = tapSettingsOf(this.#settings);
  }

  /** Begins to connect to every enabled box, and goes on trying for ever. */
  start(): void {
    if (this.#phase !== 'idle') return;
    this.#phase = 'running';
    for (const box of this.#wanted()) this.#open(box);
  }

  /** Ends every link. Taps go on. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A call has begun: INV or DATA has proved the tap of this UUID. */
  began(uuid: string): void {
    const channel = this.#options.channels.get(uuid);
    if (channel) this.#sessions.get(channel.info.box)?.tapping.began(channel);
  }

  /** Takes other settings, in sentences of what changed. Boxes that are as before keep their links. */
  reload(settings: ControllerSettings): string[] {
    const before = this.#settings;
    this.#settings = settings;
    this.#tapSettings = tapSettingsOf(settings);
    const changes: string[] = [];
    const { length } = settings.rules;
    if (!isSame(before.rules, settings.rules))
      changes.push(
        `${length} ${length === 1 ? 'rule decides' : 'rules decide'} about calls from now on`,
      );
    if (!isSame(before.trigger, settings.trigger)) changes.push('[trigger] has changed');
    if (!isSame(before.esl, settings.esl))
      changes.push('[esl] has changed; connections take it when they are made');
    changes.push(...this.#replaceSessions());
    return changes;
  }

  boxes(): BoxStatus[] {
    return Array.from(this.#sessions.values(), ({ status }) => status);
  }

  /**
   * Has a channel tapped, whatever the rules say; `box` where more than one may have it. Resolves with a
   * sentence once its audio comes.
   *
   * @throws RstError RST_NOT_FOUND (no such box, or no answered channel), RST_NOT_REACHABLE (the box is
   *   away), RST_ESL (it can't be tapped)
   */
  async tap(uuid: string, box?: string): Promise<string> {
    const { session, watch } = await this.#find(uuid, box);
    const { name } = session.box;
    if (this.#options.captures.stateOf(uuid) === 'live')
      return `${uuid} on ${name} is recorded already`;
    const outcome = await session.tapping.byHand(watch);
    switch (outcome.kind) {
      case 'tapped':
        return `${uuid} on ${name} is recorded from now on`;
      case 'not-tapped':
        throw new RstError('RST_ESL', `${uuid} on ${name} is not recorded: ${outcome.reason}`);
      case 'ended':
        throw new RstError(
          'RST_NOT_REACHABLE',
          `${uuid} on ${name} may not be recorded: the connection to the box is lost; try it again`,
        );
    }
  }

  /**
   * Ends the recording of a channel for good.
   *
   * @throws RstError RST_NOT_FOUND where nothing of it is recorded, RST_ESL where the box refuses `rst_stop`
   */
  async untap(uuid: string): Promise<string> {
    const { captures, channels } = this.#options;
    const channel = channels.get(uuid);
    const session = channel && this.#sessions.get(channel.info.box);
    if (!captures.stop(uuid, 'it was stopped by command'))
      throw new RstError(
        'RST_NOT_FOUND',
        `${quote(uuid)} is not recorded; rst-server calls lists what is`,
      );
    session?.roster.find(uuid)?.apply('stop');
    if (session?.box.stopCommand) await this.#stopTap(session, channel as Channel);
    // The BYE that it has got does it as well; should that be lost, or the login not be allowed this, the other one counts.
    else if (session?.module.isOurs)
      await this.#stopTap(session, channel as Channel).catch((error: unknown) => {
        this.#options.log.debug({ uuid, reason: errorText(error) }, 'rst_stop has failed');
      });
    return `the recording of ${uuid} has ended`;
  }

  async #close(): Promise<void> {
    this.#phase = 'closed';
    for (const session of this.#sessions.values()) this.#end(session);
    this.#leftovers.close();
    await Promise.all(this.#ending);
  }

  async #stopTap(session: Session, { info }: Channel): Promise<void> {
    const route = session.route();
    if (route === null || !isCommandWord(info.uuid)) return;
    // Taps that go elsewhere are not ours to stop.
    const which = session.module.isOurs ? ` ${formatTarget(route.target)}` : '';
    const answer = await route.commands.bgapi(`rst_stop ${info.uuid}${which}`);
    const isDone = !answer.startsWith('-ERR') || GONE.test(answer);
    if (!isDone)
      throw new RstError(
        'RST_ESL',
        `the recording of ${info.uuid} has ended, but ${session.box.name} answers rst_stop with ${JSON.stringify(answer.trim().slice(0, 120))}`,
      );
  }

  async #find(uuid: string, box?: string): Promise<{ session: Session; watch: Watch }> {
    if (box !== undefined && !this.#sessions.has(box))
      throw new RstError(
        'RST_NOT_FOUND',
        `there is no box ${quote(box)}; there is ${[...this.#sessions.keys()].join(', ') || 'none'}`,
      );
    const sessions = [...this.#sessions.values()].filter(
      (session) => box === undefined || session.box.name === box,
    );
    const isAway = (session: Session) => session.state !== 'ready' || session.route() === null;
    for (const session of sessions) {
      if (isAway(session)) continue;
      // What is known of it may have changed, as what was dialled.
      const watch = await session.find(session.roster.find(uuid)?.channel.info.uuid ?? uuid);
      if (watch) return { session, watch };
    }
    const away = sessions.filter(isAway);
    const isThere = away.some(({ roster }) => roster.find(uuid) !== undefined);
    const names = away.map((session) => session.box.name).join(', ');
    if (isThere || (names !== '' && away.length === sessions.length))
      throw new RstError(
        'RST_NOT_REACHABLE',
        `${quote(uuid)} can't be tapped now, as there is no connection to ${names}; try it again when rst-server boxes shows one`,
      );
    throw new RstError(
      'RST_NOT_FOUND',
      `no box has an answered channel ${quote(uuid)}${names === '' ? '' : `; not connected: ${names}`}`,
    );
  }

  #wanted(): Box[] {
    const { boxes, esl } = this.#settings;
    return esl.enabled ? boxes.filter(({ enabled }) => enabled) : [];
  }

  #replaceSessions(): string[] {
    if (this.#phase !== 'running') return [];
    const wanted = new Map(this.#wanted().map((box) => [box.name, box]));
    const before = new Set(this.#sessions.keys());
    for (const session of [...this.#sessions.values()])
      if (!isSame(wanted.get(session.box.name), session.box)) this.#end(session);
    const left = [...before].filter((name) => !wanted.has(name));
    const opened = [...wanted.values()].filter(({ name }) => !this.#sessions.has(name));
    for (const box of opened) this.#open(box);
    return [
      ...left.map((name) => `box ${name} is left; what is recorded of it goes on`),
      ...opened.map(({ name }) =>
        before.has(name)
          ? `box ${name} has changed and is connected to anew`
          : `box ${name} is new and is connected to`,
      ),
    ];
  }

  #open(box: Box): void {
    const { log, random = Math.random } = this.#options;
    const session = new Session({
      ...this.#options,
      box,
      log,
      random,
      leftovers: this.#leftovers,
      settings: () => this.#tapSettings,
      esl: () => this.#settings.esl,
      claim: (coreUuid, claimant) => this.#claim(coreUuid, claimant),
      release: (claimant) => this.#release(claimant),
    });
    this.#sessions.set(box.name, session);
    session.start();
  }

  #end(session: Session): void {
    if (this.#sessions.get(session.box.name) === session) this.#sessions.delete(session.box.name);
    const ending = session.close().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  #claim(coreUuid: string, session: Session): string | null {
    const owner = this.#cores.get(coreUuid);
    if (owner && owner !== session) return owner.box.name;
    this.#cores.set(coreUuid, session);
    return null;
  }

  #release(session: Session): void {
    for (const [coreUuid, owner] of this.#cores)
      if (owner === session) this.#cores.delete(coreUuid);
  }
}

/** Says nothing, as the prebuilt module does, or that there is nothing to stop any more. */
const GONE = /^-ERR (no reply|not running|no such channel)/i;

function tapSettingsOf({ rules, trigger }: ControllerSettings): TapSettings {
  return {
    policy: new Policy({ rules, legs: trigger.legs }),
    confirmTimeoutMs: trigger.confirmTimeoutMs,
    variables: trigger.variables,
  };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 128));
}

/** Settings are plain data, and their keys come in one order. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
