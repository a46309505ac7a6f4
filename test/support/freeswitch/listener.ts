import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Command, CommandReader } from './command-reader.ts';
import type { EventFormat } from './event-frame.ts';
import type { Faults } from './faults.ts';
import { byteText, Field } from './field.ts';
import { Outlet } from './outlet.ts';
import { API_NOT_FOUND } from './rst-module.ts';
import { Subscription } from './subscription.ts';

/** What a connection needs of the FreeSWITCH that it leads into. */
export interface ListenerWorld {
  readonly faults: Faults;
  /** True for a password, and for `USER@DOMAIN` with its own. */
  isRight(password: string, user?: string): boolean;
  /** Undefined where there is no such api. */
  runApi(name: string, argument: string): string | typeof API_NOT_FOUND;
  emit(eventName: string, place: string, fields: Field[], body: string): void;
  onCommand(listener: Listener, command: Command): void;
}

export const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';
export const SHUTTING_DOWN = 'The system is being shut down.\n';
const REFUSED = '-ERR command not found';

/** One connection to the event socket (mod_event_socket.c: listener_run, parse_command). */
export class Listener {
  readonly id: number;
  readonly socket: Socket;
  readonly subscription = new Subscription();
  state: 'unknown' | 'authenticated' | 'leaving' = 'unknown';
  readonly #world: ListenerWorld;
  readonly #outlet: Outlet;
  readonly #reader = new CommandReader();

  constructor(id: number, socket: Socket, world: ListenerWorld, isFrozen: boolean) {
    this.id = id;
    this.socket = socket;
    this.#world = world;
    this.#outlet = new Outlet(socket, () => {
      const { chunkBytes } = world.faults;
      return typeof chunkBytes === 'number' ? chunkBytes : chunkBytes();
    });
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      for (const command of this.#reader.push(bytes)) this.#obey(command);
    });
    socket.on('close', () => this.#outlet.close());
    // Ends of the other side are no matter of ours.
    socket.on('error', () => {});
    if (isFrozen) this.freeze();
    this.#write('Content-Type: auth/request\n\n');
  }

  /** `frames` gives the event in the format that is wanted, written once for all who want it. */
  hear(name: string, subclass: string | undefined, frames: (format: EventFormat) => Buffer): void {
    if (this.state !== 'authenticated' || !this.subscription.wants(name, subclass)) return;
    this.#outlet.send(frames(this.subscription.format));
  }

  freeze(): void {
    this.socket.pause();
    this.#outlet.freeze();
  }

  thaw(): void {
    this.socket.resume();
    this.#outlet.thaw();
  }

  /** Says why and ends the connection. */
  leave(notice: string): void {
    if (this.state === 'leaving') return;
    this.state = 'leaving';
    const head = `Content-Type: text/disconnect-notice\nContent-Length: ${notice.length}\n\n`;
    this.#write(head + notice);
    this.#outlet.end();
  }

  #obey(command: Command): void {
    if (this.state === 'leaving') return;
    const { text, headers } = command;
    this.#world.onCommand(this, command);
    const answer = this.#world.faults.answer(text);
    if (answer === null) return;
    if (typeof answer === 'object') this.#reply(answer.replyText);
    else if (/^(exit|\.\.\.)/i.test(text)) {
      this.#reply('+OK bye');
      this.leave(GOODBYE);
    } else if (this.state === 'unknown') this.#authenticate(text);
    else if (/^api ./i.test(text)) this.#api(text.slice(4), answer);
    else if (/^bgapi ./i.test(text)) this.#bgapi(text.slice(6), headers.get('job-uuid'), answer);
    else this.#reply(answer ?? this.#plain(text));
  }

  /** userauth takes `USER@DOMAIN:PASSWORD` and refuses a user without a domain. */
  #authenticate(text: string): void {
    const [verb = '', rest = ''] = split(text, ' ');
    if (!/^(user)?auth$/i.test(verb)) return this.#reply(REFUSED);
    const isUser = verb.toLowerCase() === 'userauth';
    const [user, password = ''] = isUser ? split(rest, ':') : [undefined, rest];
    const hasDomain = user === undefined || /.@./.test(user);
    if (!hasDomain || !this.#world.isRight(password, user)) {
      this.#reply('-ERR invalid');
      return this.leave(GOODBYE);
    }
    this.state = 'authenticated';
    const allowed = isUser ? 'Allowed-Events: all\nAllowed-API: all\nAllowed-LOG: true\n' : '';
    this.#reply('+OK accepted', allowed);
  }

  #plain(text: string): string {
    const words = text.split(' ').filter(Boolean).slice(1);
    if (/^(no)?linger/i.test(text)) return '-ERR not controlling a session';
    if (/^event/i.test(text)) return this.subscription.add(words);
    if (/^nixevent/i.test(text)) return this.subscription.remove(words);
    return /^noevents/i.test(text) ? this.subscription.clear() : REFUSED;
  }

  #api(text: string, answer: string | undefined): void {
    const result = byteTextOr(answer, () => this.#run(text)) || '-ERR no reply\n';
    const head = `Content-Type: api/response\nContent-Length: ${result.length}\n\n`;
    this.#write(head + result, this.#world.faults.replyDelayMs);
  }

  /** Replies at once and does the work in a turn of its own, as the thread of a job does. */
  #bgapi(text: string, ownJobUuid: string | undefined, answer: string | undefined): void {
    const jobUuid = ownJobUuid ?? randomUUID();
    this.#reply(`+OK Job-UUID: ${jobUuid}`, `Job-UUID: ${jobUuid}\n`);
    setImmediate(() => this.#job(text, jobUuid, answer));
  }

  #job(text: string, jobUuid: string, answer: string | undefined): void {
    const result = byteTextOr(answer, () => this.#run(text));
    if (this.#world.faults.losesJob(`bgapi ${text}`)) return;
    const [name = '', argument] = split(text, ' ');
    const fields = [new Field('Job-UUID', jobUuid), new Field('Job-Command', byteText(name))];
    if (argument !== undefined) fields.push(new Field('Job-Command-Arg', byteText(argument)));
    this.#world.emit('BACKGROUND_JOB', 'mod_event_socket.c:api_exec:1572', fields, result);
  }

  #run(text: string): string {
    const [name = '', argument = ''] = split(text, ' ');
    const result = this.#world.runApi(name, byteText(argument));
    return result === API_NOT_FOUND ? `-ERR ${byteText(name)} Command not found!\n` : result;
  }

  #reply(replyText: string, more = ''): void {
    const text = `Content-Type: command/reply\nReply-Text: ${byteText(replyText)}\n${more}\n`;
    this.#write(text, this.#world.faults.replyDelayMs);
  }

  #write(bytes: string, delayMs = 0): void {
    this.#outlet.send(Buffer.from(bytes, 'latin1'), delayMs);
  }
}

function split(text: string, at: string): [string, string | undefined] {
  const index = text.indexOf(at);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

function byteTextOr(answer: string | undefined, otherwise: () => string): string {
  return answer === undefined ? otherwise() : byteText(answer);
}
