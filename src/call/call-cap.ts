import type { Log } from '../log.ts';
import type { DropTally } from './drop-tally.ts';
import type { Lives } from './lives.ts';

/** Whoever floods the port with calls does not flood the log as well. */
const SAY_EVERY_NS = 60e9;

/** Keeps calls from becoming more than there may be, whoever makes them up. */
export class CallCap {
  readonly #options: { maxCalls: number; now(): number; log: Log };
  readonly #lives: Pick<Lives, 'unfiled'>;
  readonly #drops: DropTally;
  #saidNs = Number.NEGATIVE_INFINITY;
  #refused = 0;

  constructor(
    options: { maxCalls: number; now(): number; log: Log },
    lives: Pick<Lives, 'unfiled'>,
    drops: DropTally,
  ) {
    this.#options = options;
    this.#lives = lives;
    this.#drops = drops;
  }

  /** Whether a further call may begin; where not, what would begin it is counted as dropped. */
  admits(datagrams: number): boolean {
    const { maxCalls, now, log } = this.#options;
    const { unfiled } = this.#lives;
    if (unfiled < maxCalls) return true;
    this.#drops.count('too-many-calls', datagrams);
    this.#refused++;
    const nowNs = now();
    if (nowNs - this.#saidNs < SAY_EVERY_NS) return false;
    const refused = this.#refused;
    log.warn(
      { calls: unfiled, maxCalls, refused },
      `${unfiled} calls are recorded or made final, as many as calls.max_calls allows: further ones get no answer and are not recorded (${refused} tries since this was said last); raise calls.max_calls where so many are meant, or see who sends them`,
    );
    this.#saidNs = nowNs;
    this.#refused = 0;
    return false;
  }
}
