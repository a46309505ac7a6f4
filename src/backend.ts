import type { CallRegistry } from './call/index.ts';
import type { Controller } from './esl/index.ts';
import type { Backend, BoxStatus, DaemonStatus, LiveCall } from './http/index.ts';
import { packageVersion } from './package-version.ts';
import type { Health, HealthProbe } from './service/index.ts';

export interface DaemonBackendOptions {
  node: string;
  calls: CallRegistry;
  controller: Controller;
  /** `HOST:PORT` of the control port. */
  control(): string;
  reload(): Promise<string[]>;
  health: HealthProbe;
}

/** The daemon as its API shows it. */
export class DaemonBackend implements Backend {
  readonly #options: DaemonBackendOptions;
  readonly #startedAtMs = Date.now();
  readonly #startedNs = process.hrtime.bigint();

  constructor(options: DaemonBackendOptions) {
    this.#options = options;
  }

  calls(): Promise<LiveCall[]> {
    return this.#options.calls.snapshot();
  }

  tap(uuid: string, box?: string): Promise<string> {
    return this.#options.controller.tap(uuid, box);
  }

  stop(uuid: string): Promise<string> {
    return this.#options.controller.untap(uuid);
  }

  boxes(): BoxStatus[] {
    return this.#options.controller.boxes();
  }

  reload(): Promise<string[]> {
    return this.#options.reload();
  }

  health(): Promise<Health> {
    return this.#options.health.examine();
  }

  status(): DaemonStatus {
    return {
      version: packageVersion(),
      node: this.#options.node,
      startedAt: new Date(this.#startedAtMs).toISOString(),
      uptimeMs: Number((process.hrtime.bigint() - this.#startedNs) / 1_000_000n),
      control: this.#options.control(),
      calls: this.#options.calls.liveCalls,
    };
  }
}
