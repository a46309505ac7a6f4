import { RstError } from '../errors.ts';
import { isUuid } from '../protocol/index.ts';
import type { SourceSpec } from './source-spec.ts';
import type { SendCodec } from './wire-format.ts';

/** What to play where. Everything but `host` has a default (see `DEFAULTS`). */
export interface SendOptions {
  /** Name or address of the capture server, and its UDP control port. */
  host: string;
  port?: number;
  /** What the R and the W leg play. */
  read?: SourceSpec;
  write?: SourceSpec;
  codec?: SendCodec;
  /** Hz, for `codec: 'l16'` only. */
  l16Rate?: number;
  ptimeMs?: number;
  calls?: number;
  /** Milliseconds of audio per call; `undefined` plays WAV sources to the longer one's end, others for 10 s. */
  durationMs?: number | undefined;
  /** From the start of one call to the start of the next. */
  staggerMs?: number;
  /** 2 plays twice as fast as real time. */
  speed?: number;
  /** Part of the packets that get lost, 0 to 1. */
  loss?: number;
  /** Each packet leaves up to this much late; in order within its leg unless `reorder`. */
  jitterMs?: number;
  reorder?: boolean;
  /** Part of the packets that are sent twice, 0 to 1. */
  duplicate?: number;
  /** Once in `burstEveryMs` a call sends nothing for `burstMs`, and then at once what has become due. */
  burstMs?: number;
  burstEveryMs?: number;
  /** Sends no BYE: the call just stops. */
  dropBye?: boolean;
  /** Sends no INV: DATA goes to the control port unannounced. */
  dropInv?: boolean;
  /** As shipped modules do: one socket for everything, DATA to the control port, no waiting for the ACK. */
  oldForm?: boolean;
  /** Offers numbered packets in the INV, and numbers them where the ACK accepts. */
  seq?: boolean;
  /** By default 1001, 1002, … and 9000. */
  caller?: string | undefined;
  callee?: string | undefined;
  /** For a single call; by default each call has a random one. */
  uuid?: string | undefined;
  /** What loss, jitter and duplicates follow from. */
  seed?: number;
  /** How long INV and BYE wait for their ACK before they are sent again. */
  retryMs?: number;
}

export type CheckedOptions = Required<SendOptions>;

const DEFAULTS = {
  port: 9527,
  read: { kind: 'tone', hz: 440 },
  write: { kind: 'tone', hz: 660 },
  codec: 'pcmu',
  l16Rate: 8000,
  ptimeMs: 20,
  calls: 1,
  durationMs: undefined,
  staggerMs: 0,
  speed: 1,
  loss: 0,
  jitterMs: 0,
  reorder: false,
  duplicate: 0,
  burstMs: 0,
  burstEveryMs: 3000,
  dropBye: false,
  dropInv: false,
  oldForm: false,
  seq: false,
  caller: undefined,
  callee: undefined,
  uuid: undefined,
  seed: 1,
  retryMs: 500,
} as const satisfies Partial<SendOptions>;

const L16_RATES = [8000, 16_000, 24_000, 32_000, 48_000];
const MAX_PARTY_BYTES = 512;
const DAY_MS = 86_400_000;

/** Fills in the defaults. @throws RstError RST_USAGE, one sentence about the first option that cannot be. */
export function checkOptions(options: SendOptions): CheckedOptions {
  const checked: CheckedOptions = { ...DEFAULTS, ...options };
  whole('port', checked.port, 1, 65_535);
  whole('ptime', checked.ptimeMs, 1, 200);
  whole('calls', checked.calls, 1, 10_000);
  whole('seed', checked.seed, 0, 0xffffffff);
  within('stagger', checked.staggerMs, 0, DAY_MS);
  within('jitter', checked.jitterMs, 0, 60_000);
  within('retry', checked.retryMs, 1, 60_000);
  within('burst every', checked.burstEveryMs, 1, DAY_MS);
  if (!(checked.speed >= 0.01 && checked.speed <= 100))
    throw usage('The rate must be from 0.01 to 100 times real time.');
  if (!(checked.loss >= 0 && checked.loss <= 1))
    throw usage('The loss must be from 0 to 100 percent.');
  if (!(checked.duplicate >= 0 && checked.duplicate <= 1))
    throw usage('The duplicates must be from 0 to 100 percent.');
  if (checked.seq && (checked.oldForm || checked.dropInv))
    throw usage(
      'Numbers need an INV with ports to offer them: leave out the old form, and keep the INV.',
    );
  if (checked.durationMs !== undefined)
    within('duration', checked.durationMs, checked.ptimeMs, 7 * DAY_MS);
  if (!(checked.burstMs >= 0 && checked.burstMs < checked.burstEveryMs))
    throw usage(
      `The burst must be from 0 to less than ${checked.burstEveryMs} ms: it comes once in that time.`,
    );
  if (options.l16Rate !== undefined && checked.codec !== 'l16')
    throw usage(`The L16 rate is for the codec l16; ${checked.codec} is always 8000 Hz.`);
  if (!L16_RATES.includes(checked.l16Rate))
    throw usage(`The L16 rate must be one of ${L16_RATES.join(', ')}.`);
  if (checked.uuid !== undefined && checked.calls > 1)
    throw usage('One UUID is for one call: leave it out, or send a single call.');
  if (checked.uuid !== undefined && !isUuid(checked.uuid))
    throw usage('The UUID must be 1 to 128 printable ASCII characters without space and colon.');
  party('caller', checked.caller);
  party('callee', checked.callee);
  return checked;
}

function whole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw usage(`The ${name} must be a whole number from ${least} to ${most}.`);
}

function within(name: string, valueMs: number, leastMs: number, mostMs: number): void {
  if (!(valueMs >= leastMs && valueMs <= mostMs))
    throw usage(`The ${name} must be from ${leastMs} to ${mostMs} ms.`);
}

function party(name: string, text: string | undefined): void {
  if (text !== undefined && Buffer.byteLength(text) > MAX_PARTY_BYTES)
    throw usage(`The ${name} must not be longer than ${MAX_PARTY_BYTES} bytes.`);
}

function usage(sentence: string): RstError {
  return new RstError('RST_USAGE', sentence);
}
