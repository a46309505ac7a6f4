import type { Channel } from '../call/index.ts';
import { errorText } from '../errors.ts';
import type { Captures } from './captures.ts';
import { isCommandWord } from './command-word.ts';
import type { Commands } from './commands.ts';
import { type FailedTap, hungUpReason, reasonOf, troubleReason } from './tap-failure.ts';
import { parseTapReply, type TapReply } from './tap-reply.ts';
import type { TapReport } from './tap-report.ts';
import { formatTarget, type TapTarget } from './tap-target.ts';
import { isOver, next, type TriggerEvent, type TriggerState } from './trigger-state.ts';

export interface TriggerOptions {
  channel: Channel;
  /** Hold silences both legs of a tap. */
  isHeld(): boolean;
  /** Why it must not be tapped by the command, in words; null where it may. */
  mustNot(): string | null;
  /** Hears what the module says to the command. */
  answered(text: string): void;
  /** Whether the module is the one in mod_rst/. */
  isOurs(): boolean;
  captures: Pick<Captures, 'stateOf'>;
  commands: Commands;
  target: TapTarget;
  /** The address that this machine knows the box by. */
  boxAddress: string;
  /** How long INV or DATA may take. */
  confirmTimeoutMs: number;
}

/**
 * How it begins. `ask`: by the command. `expect`: the dialplan may tap the call by itself, so for a while
 * only if it does not. `look`: a tap may run from before, so only if there is none.
 */
export type TriggerStart = 'ask' | 'expect' | 'look';

export type TapOutcome =
  | { kind: 'tapped' }
  | { kind: 'not-tapped'; reason: string }
  /** Nobody knows, as the link is lost. */
  | { kind: 'ended' };

const MAX_COMMANDS = 2;
/** An INV that was sent before the hangup is read within this time. */
const LEAVE_MS = 500;
/** What was sent before the module said that something is wrong is read within this time. */
const TROUBLE_MS = 200;

/**
 * Has one channel tapped, once. That FreeSWITCH accepts the command proves nothing: INV or DATA does. Where
 * neither comes it looks before it asks again, as a second command makes a second tap.
 */
export class Trigger {
  readonly #options: TriggerOptions;
  readonly #outcome = Promise.withResolvers<TapOutcome>();
  #state: TriggerState = 'idle';
  #commands = 0;
  #reply: TapReply | null = null;
  #answer = '';
  /** The UUID that was asked for last. */
  #asked = '';
  #isListed = false;
  /** Who has answered the tap, as the module says. */
  #answeredBy: string | null = null;
  #trouble: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | null = null;

  constructor(options: TriggerOptions) {
    this.#options = options;
  }

  get state(): TriggerState {
    return this.#state;
  }

  /** Never rejects. To be called once. */
  run(start: TriggerStart): Promise<TapOutcome> {
    if (isCommandWord(this.#uuid)) void this.#run(start);
    else
      this.#fail(
        'its UUID has characters that may not stand in a command; choose an origination_uuid without spaces, quotes and colons',
      );
    return this.#outcome.promise;
  }

  /** INV or DATA came. */
  began(): void {
    this.#finish('begin', { kind: 'tapped' });
  }

  /**
   * The module says what becomes of a tap of this channel. That a server has answered is no proof that it
   * was this one; what is wrong with a tap to this one need not be waited out.
   */
  reported({ kind, destination, reason }: TapReport): void {
    if (!this.#isRunning) return;
    if (kind === 'start') {
      this.#answeredBy = destination;
      clearTimeout(this.#trouble);
    }
    if (kind !== 'error' || destination !== formatTarget(this.#options.target)) return;
    clearTimeout(this.#trouble);
    this.#trouble = setTimeout(() => {
      if (!this.#isRunning || this.#options.captures.stateOf(this.#uuid) !== 'none') return;
      this.#fail(troubleReason(this.#failure, reason));
    }, TROUBLE_MS);
  }

  hungUp(): void {
    if (isOver(this.#state) || this.#state === 'leaving') return;
    this.#move('hang-up');
    this.#wake?.();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#options.captures.stateOf(this.#uuid) === 'live') this.began();
      else this.#fail(hungUpReason());
    }, LEAVE_MS);
  }

  /** The link is lost, or nobody wants to know any more. */
  end(): void {
    this.#finish('end', { kind: 'ended' });
  }

  get #uuid(): string {
    return this.#options.channel.info.uuid;
  }

  get #isRunning(): boolean {
    return !isOver(this.#state) && this.#state !== 'leaving';
  }

  async #run(wanted: TriggerStart): Promise<void> {
    // What must not be asked for may run by itself.
    const start = wanted === 'ask' && this.#options.mustNot() !== null ? 'expect' : wanted;
    if (start === 'expect') {
      this.#move('expect');
      await this.#proof();
    }
    // What runs may send to somebody else, or to a daemon that was here before: then it is asked for.
    if (start !== 'ask' && this.#isRunning && (await this.#finds())) await this.#adopt();
    while (this.#isRunning && this.#mayAsk) {
      const refusal = this.#options.mustNot();
      if (refusal !== null) return this.#fail(refusal);
      await this.#ask();
      if (this.#isRunning && this.#reply !== 'unknown' && (await this.#finds())) {
        await this.#adopt();
        break;
      }
    }
    if (!this.#isRunning) return;
    this.#move('explain');
    const reason = await reasonOf(this.#failure, this.#options.commands);
    if (this.#state === 'explaining') this.#fail(reason);
  }

  /** Once more where nothing came of the first; not where that can't change. */
  get #mayAsk(): boolean {
    if (this.#commands === 0) return true;
    if (this.#commands >= MAX_COMMANDS || this.#reply === 'running') return false;
    // It may have got another UUID on the way.
    return this.#reply !== 'unknown' || this.#asked !== this.#uuid;
  }

  /** Has it tapped, and waits for the proof unless there can be none. */
  async #ask(): Promise<void> {
    const { commands, target } = this.#options;
    this.#move('ask');
    this.#commands++;
    this.#asked = this.#uuid;
    try {
      this.#answer = await commands.bgapi(`uuid_rst ${this.#asked} ${target.host} ${target.port}`);
      this.#options.answered(this.#answer);
      this.#reply = parseTapReply(this.#answer);
    } catch (error) {
      this.#answer = errorText(error);
      this.#reply = 'refused';
    }
    if (!this.#isRunning) return;
    this.#move('accept');
    if (this.#reply !== 'unknown') await this.#proof();
  }

  /** True where a tap runs, as far as anybody can tell. */
  async #finds(): Promise<boolean> {
    this.#move('look');
    const { captures, commands } = this.#options;
    if (captures.stateOf(this.#uuid) !== 'none') return true;
    try {
      const bugs = await commands.api(`uuid_buglist ${this.#uuid}`);
      this.#isListed = /<function>rst/.test(bugs);
    } catch {
      this.#isListed = false;
    }
    return this.#isListed;
  }

  /** Waits for a tap that runs: for its DATA, as its INV is lost. */
  async #adopt(): Promise<void> {
    const { captures, isHeld } = this.#options;
    this.#move('adopt');
    do {
      if (captures.stateOf(this.#uuid) === 'live') this.began();
      else await this.#proof();
      // Nothing can come as long as that.
    } while (this.#isRunning && isHeld());
  }

  /** Resolves when it is over, or nothing has come in time. */
  async #proof(): Promise<void> {
    if (!this.#isRunning) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, this.#options.confirmTimeoutMs);
    });
    this.#wake = null;
  }

  get #failure(): FailedTap {
    const { channel, target, boxAddress, isOurs } = this.#options;
    return {
      uuid: this.#uuid,
      channelName: channel.info.channelName,
      target: formatTarget(target),
      boxAddress,
      reply: this.#reply,
      answer: this.#answer,
      isListed: this.#isListed,
      isOurs: isOurs(),
      answeredBy: this.#answeredBy,
    };
  }

  #fail(reason: string): void {
    this.#finish('fail', { kind: 'not-tapped', reason });
  }

  #finish(event: TriggerEvent, outcome: TapOutcome): void {
    if (isOver(this.#state)) return;
    this.#move(event);
    clearTimeout(this.#timer);
    clearTimeout(this.#trouble);
    this.#wake?.();
    this.#outcome.resolve(outcome);
  }

  #move(event: TriggerEvent): void {
    this.#state = next(this.#state, event);
  }
}
