import type { CallerProfile } from './caller-profile.ts';
import { type ChannelSnapshot, recordedVariables } from './channel-fields.ts';
import { type ByteText, Field } from './field.ts';
import type { Stage } from './recorded-channel.ts';
import { timeVariables } from './time-variables.ts';

/** The variables of one channel: those that were recorded, under those that were set. */
export class ChannelVariables {
  readonly #own = new Map<string, Field>();
  readonly #originator: { uuid: string; profile: CallerProfile } | undefined;
  #recorded: { stage: Stage; fields: Field[] } | undefined;

  constructor(originator: { uuid: string; profile: CallerProfile } | undefined) {
    this.#originator = originator;
  }

  /** Names are without `variable_`; an empty value takes the variable away. */
  set(name: string, value: ByteText): void {
    this.#own.set(name, new Field(`variable_${name}`, value));
  }

  /** To be called when what the recorded ones are made of has changed. */
  refresh(): void {
    this.#recorded = undefined;
  }

  get(name: string, snapshot: ChannelSnapshot): ByteText | undefined {
    return this.fields(snapshot).find((field) => field.name === `variable_${name}`)?.value;
  }

  fields(snapshot: ChannelSnapshot): Field[] {
    if (this.#recorded?.stage !== snapshot.stage)
      this.#recorded = {
        stage: snapshot.stage,
        fields: recordedVariables(snapshot, this.#originator),
      };
    const own = new Map(Array.from(this.#own.values(), (field) => [field.name, field]));
    if (snapshot.stage === 'hangup')
      for (const [name, value] of Object.entries(
        timeVariables(snapshot.times, snapshot.hangupCause),
      ))
        own.set(`variable_${name}`, new Field(`variable_${name}`, value));
    const fields = this.#recorded.fields.map((field) => {
      const set = own.get(field.name);
      own.delete(field.name);
      return set ?? field;
    });
    return [...fields, ...own.values()].filter(({ value }) => value !== '');
  }
}
