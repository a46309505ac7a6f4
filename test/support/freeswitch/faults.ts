/**
 * What goes wrong with a tap. `lose-inv`: the module runs and is listed, its INV never arrives, DATA does.
 * `send-nothing`: it runs and is listed, and nothing ever comes. `no-bug`: `uuid_rst` says that it
 * succeeded and nothing was done.
 */
export type TapFault = 'none' | 'lose-inv' | 'send-nothing' | 'no-bug';

/**
 * An answer other than FreeSWITCH's: a string is what an api says (the result of a job for `bgapi`, the
 * Reply-Text for other commands), `replyText` a Reply-Text whatever the command was, `null` is none ever.
 */
export type Answer = string | null | { replyText: string };

/** Everything that can be made to go wrong, at any time. */
export interface Faults {
  /** How many bytes each write has, asked for each; one turn of the event loop lies between two. */
  chunkBytes: number | (() => number);
  /** Before each reply; what comes behind it waits as well. */
  replyDelayMs: number;
  /** `command` is the whole line of the client; `undefined` leaves it to the fake. */
  answer: (command: string) => Answer | undefined;
  /** True for jobs whose BACKGROUND_JOB never comes, though the reply to `bgapi` does. */
  losesJob: (command: string) => boolean;
  /** One for each of the next taps, in their order; `none` behind the last. */
  nextTaps: TapFault[];
  /** True: no tap says BYE. */
  noBye: boolean;
}

export const NO_FAULTS: Readonly<Faults> = {
  chunkBytes: Number.POSITIVE_INFINITY,
  replyDelayMs: 0,
  answer: () => undefined,
  losesJob: () => false,
  nextTaps: [],
  noBye: false,
};
