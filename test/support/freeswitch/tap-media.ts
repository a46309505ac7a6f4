import { LegSchedule } from '../../../src/send/leg-schedule.ts';
import { Pacer } from '../../../src/send/pacer.ts';
import { type LegSources, openLegSources } from '../../../src/send/packet-source.ts';
import type { SourceSpec } from '../../../src/send/source-spec.ts';
import { TapLeg } from '../../../src/send/tap-leg.ts';
import type { TapSockets } from '../../../src/send/tap-sockets.ts';
import { wireFormat } from '../../../src/send/wire-format.ts';

/** How the taps of a fake sound. */
export interface TapMediaOptions {
  /** Old form (one socket, DATA to the control port at once) by default for the prebuilt module only. */
  form?: 'old' | 'ports';
  read?: SourceSpec;
  write?: SourceSpec;
  codec?: 'pcmu' | 'pcma';
  ptimeMs?: number;
  /** Less than 1 sends packets at a slower pace than their length: 0.1 is light enough for 500 calls. */
  speed?: number;
  /** Offers numbered packets in the INV of the ports form. */
  seq?: boolean;
  /** How long INV and BYE wait for an ACK; by default the old form says each of them once, as it does. */
  retryMs?: number;
}

/** What all taps of one fake share: one timer, and the payloads. */
export class TapMedia {
  readonly pacer = new Pacer();
  readonly options: TapMediaOptions;
  readonly ptimeMs: number;
  readonly #sources: Promise<LegSources>;
  readonly #format: ReturnType<typeof wireFormat>;

  constructor(options: TapMediaOptions) {
    this.options = options;
    this.ptimeMs = options.ptimeMs ?? 20;
    this.#format = wireFormat(options.codec ?? 'pcmu', 8000, this.ptimeMs);
    const { read = { kind: 'tone', hz: 440 }, write = { kind: 'tone', hz: 660 } } = options;
    this.#sources = openLegSources(read, write, this.#format);
    this.#sources.catch(() => {});
  }

  /** Legs that play until they are stopped; what they play while `isMuted` is lost, as on hold. */
  async legs(
    uuid: string,
    sockets: TapSockets,
    isMuted: () => boolean,
  ): Promise<{ R: TapLeg; W: TapLeg }> {
    const sources = await this.#sources;
    const leg = (name: 'R' | 'W') => {
      const schedule = new LegSchedule(
        {
          packetMs: this.ptimeMs / (this.options.speed ?? 1),
          packets: Number.POSITIVE_INFINITY,
          loss: 0,
          jitterMs: 0,
          reorder: false,
          duplicate: 0,
          burstMs: 0,
          burstEveryMs: 1000,
        },
        () => 0.5,
        () => 0.5,
      );
      return new TapLeg(name, uuid, this.#format, sources[name], schedule, (to, parts) => {
        if (!isMuted()) sockets.sendData(to, parts);
      });
    };
    return { R: leg('R'), W: leg('W') };
  }

  close(): void {
    this.pacer.close();
  }
}
