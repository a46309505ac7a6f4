import type { FakeChannel } from './fake-channel.ts';
import type { Field } from './field.ts';

/** Who starts a tap. */
export type TapStarter = 'api' | 'dialplan';

export interface TapTarget {
  host: string;
  port: number;
}

/** What a channel needs of the FreeSWITCH around it. */
export interface Switchboard {
  add(channel: FakeChannel): void;
  renamed(channel: FakeChannel, oldUuid: string): void;
  hungUp(channel: FakeChannel): void;
  startTap(channel: FakeChannel, target: TapTarget | null, startedBy: TapStarter): void;
  /** Whether anybody would hear an event: writing one nobody hears costs as much. */
  isWanted(eventName: string): boolean;
  /** `place` is `file:function:line` of FreeSWITCH. */
  emit(eventName: string, place: string, fields: Field[], body?: string): void;
}
