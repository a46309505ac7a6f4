import type { Peers, Source } from '../capture/index.ts';
import type { Log } from '../log.ts';
import type { DropTally } from './drop-tally.ts';
import { Floods } from './floods.ts';

/** Keeps one address from beginning more calls than it may, and tells who sends too much. */
export class SourceLimits {
  readonly #peers: Pick<Peers, 'admitsCall' | 'rates'>;
  readonly #drops: DropTally;
  readonly #calls: Floods;
  readonly #garbage: Floods;

  constructor(peers: Pick<Peers, 'admitsCall' | 'rates'>, drops: DropTally, log: Log) {
    this.#peers = peers;
    this.#drops = drops;
    const { callsPerSecond, garbagePerSecond } = peers.rates;
    this.#calls = new Floods(
      log,
      (address, dropped) =>
        `${address} begins more calls than the ${callsPerSecond} a second of server.max_inv_rate: ${dropped} datagrams that would have begun one were dropped and got no answer; raise server.max_inv_rate where so many are meant, or see who sends them`,
    );
    this.#garbage = new Floods(
      log,
      (address, dropped) =>
        `${address} sends more that is no message than the ${garbagePerSecond} datagrams a second of server.max_garbage_rate: ${dropped} were dropped; see what sends them there, or take ${address} out of server.allow`,
    );
  }

  /** Whether a call of this source may begin; where not, the datagrams that would begin it are counted as dropped. */
  admits({ address }: Source, datagrams: number, arrivalNs: number): boolean {
    if (this.#peers.admitsCall(address, arrivalNs)) return true;
    this.#drops.count('rate-limited', datagrams);
    this.#calls.count(address, datagrams);
    return false;
  }

  /** One of too many datagrams that are no message was dropped. */
  limited({ address }: Source): void {
    this.#drops.count('rate-limited');
    this.#garbage.count(address, 1);
  }

  report(nowNs: number): void {
    this.#calls.report(nowNs);
    this.#garbage.report(nowNs);
  }
}
