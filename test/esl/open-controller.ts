import { Writable } from 'node:stream';
import { Channels } from '../../src/call/index.ts';
import { type Config, configSchema } from '../../src/config/index.ts';
import { Controller, type ControllerSettings } from '../../src/esl/index.ts';
import { createLog } from '../../src/log.ts';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import type { FakeFreeswitchOptions } from '../support/freeswitch/options.ts';
import { FakeCaptures } from './fake-captures.ts';

export interface Line {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface Setup {
  esl?: Partial<Config['esl']>;
  trigger?: Partial<Config['trigger']>;
  rules?: object[];
  /** The tables of `[[freeswitch]]`; by default one for each fake, `fs1` and so on. */
  boxes?: object[];
}

/** Where a test waits for it, short; where only a fault would meet it, long. */
const TIMES = {
  connectTimeoutMs: 20_000,
  commandTimeoutMs: 20_000,
  heartbeatTimeoutMs: 60_000,
  reconnectMinMs: 10,
  reconnectMaxMs: 20,
};

export function settingsOf(fakes: readonly FakeFreeswitch[], setup: Setup): ControllerSettings {
  const boxes =
    setup.boxes ?? fakes.map(({ host, port }, i) => ({ name: `fs${i + 1}`, host, port }));
  const { rules = [] } = setup;
  const config = configSchema.parse({ freeswitch: boxes, rules });
  return {
    boxes: config.freeswitch,
    esl: { ...config.esl, ...TIMES, ...setup.esl },
    trigger: { ...config.trigger, confirmTimeoutMs: 150, ...setup.trigger },
    rules: config.rules,
  };
}

/** A controller, the calls that it brings about, its log, and all of it to wait for. */
export class Stage implements AsyncDisposable {
  readonly channels = new Channels();
  readonly captures = new FakeCaptures(this.channels);
  readonly lines: Line[] = [];
  readonly admitted: string[] = [];
  readonly controller: Controller;
  readonly #waiting = new Set<() => void>();

  constructor(fakes: readonly FakeFreeswitch[], setup: Setup = {}) {
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        this.lines.push(JSON.parse(String(chunk)));
        this.#changed();
        done();
      },
    });
    this.controller = new Controller({
      ...settingsOf(fakes, setup),
      channels: this.channels,
      captures: this.captures,
      controlPort: () => this.captures.port,
      now: () => performance.now() * 1e6,
      admitBox: (address) => this.admitted.push(address),
      log: createLog({ level: 'debug', maskNumbers: false, json: true, stream }),
      random: () => 0.5,
    });
    this.captures.onChange = () => this.#changed();
    this.captures.onBegan = (uuid) => this.controller.began(uuid);
  }

  async open(): Promise<this> {
    await this.captures.open();
    this.controller.start();
    return this;
  }

  /** Resolves once `isDone` holds; asked after each line of the log, datagram, hangup and call not tapped. */
  async until(isDone: () => boolean): Promise<void> {
    if (isDone()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = () => {
      if (isDone()) resolve();
    };
    this.#waiting.add(check);
    await promise;
    this.#waiting.delete(check);
  }

  /** The first line of the log that fits, written or to be written. */
  async logged(isIt: (line: Line) => boolean): Promise<Line> {
    await this.until(() => this.lines.some(isIt));
    return this.lines.find(isIt) as Line;
  }

  /** Resolves once so many boxes were connected so many times. */
  connected(count = 1): Promise<void> {
    return this.until(
      () => this.lines.filter(({ msg }) => msg === 'connected to FreeSWITCH').length >= count,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.controller.close();
    await this.captures[Symbol.asyncDispose]();
  }

  #changed(): void {
    for (const check of this.#waiting) check();
  }
}

/** One fake FreeSWITCH and a controller that is connected to it. */
export async function controlled(
  options: FakeFreeswitchOptions = {},
  setup: Setup = {},
): Promise<{ fs: FakeFreeswitch; stage: Stage } & AsyncDisposable> {
  const fs = await FakeFreeswitch.start(options);
  const stage = await new Stage([fs], setup).open();
  await stage.connected();
  return {
    fs,
    stage,
    [Symbol.asyncDispose]: async () => {
      await stage[Symbol.asyncDispose]();
      await fs.close();
    },
  };
}
