import { SingleBar } from 'cli-progress';
import { type Command, Option } from 'commander';
import { parseDuration } from '../config/index.ts';
import { errorText, RstError } from '../errors.ts';
import {
  parseSource,
  parseTarget,
  type SendCodec,
  type SendOptions,
  type SendProgress,
  type SourceSpec,
  sendCalls,
} from '../send/index.ts';
import { print } from './print.ts';
import { formatSendReport, sendVerdict } from './send-report.ts';

const DEFAULT_PORT = 9527;

/** What commander makes of the flags; what is left out has the default of `sendCalls`. */
interface SendFlags {
  to: { host: string; port: number };
  read?: SourceSpec;
  write?: SourceSpec;
  codec?: SendCodec;
  l16Rate?: number;
  ptime?: number;
  calls?: number;
  duration?: number;
  stagger?: number;
  rate?: number;
  loss?: number;
  jitter?: number;
  reorder?: true;
  duplicate?: number;
  burst?: number;
  dropBye?: true;
  dropInv?: true;
  oldForm?: true;
  seq?: true;
  caller?: string;
  callee?: string;
  uuid?: string;
  seed?: number;
  json?: true;
}

/** `rst-server send`: plays audio as calls to a capture server, as a tap on FreeSWITCH would. */
export function registerSend(program: Command): void {
  program
    .command('send')
    .description('play audio as calls to a capture server, as a tap on FreeSWITCH would')
    .addOption(
      new Option('--to <host:port>', 'the capture server')
        .argParser(toTarget)
        .default(toTarget('127.0.0.1'), `127.0.0.1:${DEFAULT_PORT}`),
    )
    .option(
      '--read <source>',
      'what R plays: a WAV file, tone:HZ, noise:SEED, silence (tone:440)',
      toSource,
    )
    .option('--write <source>', 'what W plays (tone:660)', toSource)
    .addOption(new Option('--codec <codec>', 'by default pcmu').choices(['pcmu', 'pcma', 'l16']))
    .option('--l16-rate <hz>', '8000, 16000, 24000, 32000 or 48000 (8000)', toNumber('--l16-rate'))
    .option('--ptime <ms>', 'milliseconds of audio in a packet (20)', toNumber('--ptime'))
    .option('--calls <number>', 'how many calls (1)', toNumber('--calls'))
    .option(
      '--duration <time>',
      'audio per call, such as 10s (the longer WAV file, else 10s)',
      toDuration,
    )
    .option('--stagger <ms>', "from one call's start to the next one's (0)", toMs('--stagger'))
    .option('--rate <factor>', 'speed: 2 is twice real time (1)', toNumber('--rate'))
    .option('--loss <percent>', 'leave out that many of the packets (0)', toNumber('--loss'))
    .option('--jitter <ms>', 'send each packet up to that much late (0)', toMs('--jitter'))
    .option('--reorder', 'let jitter change the order of packets')
    .option(
      '--duplicate <percent>',
      'send that many of the packets twice (0)',
      toNumber('--duplicate'),
    )
    .option(
      '--burst <ms>',
      'every 3 s send nothing for so long, then all that is due',
      toMs('--burst'),
    )
    .option('--drop-bye', 'end without a BYE')
    .option('--drop-inv', 'begin without an INV; the audio goes to the control port')
    .option('--old-form', 'one socket for everything, without waiting for the ACK')
    .option('--seq', 'offer to number the packets, and number them if the server accepts')
    .option('--caller <number>', 'the caller (1001, 1002, …)')
    .option('--callee <number>', 'the callee (9000)')
    .option('--uuid <uuid>', 'the UUID, for a single call (random)')
    .option(
      '--seed <number>',
      'what loss, jitter and duplicates follow from (1)',
      toNumber('--seed'),
    )
    .option('--json', 'print the summary as one JSON document')
    .action(send);
}

async function send(flags: SendFlags): Promise<void> {
  const abort = new AbortController();
  // Once: a second Ctrl-C meets no listener and ends the process.
  const onSignal = () => abort.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const bar = progressBar(flags.calls ?? 1);
  try {
    const summary = await sendCalls(optionsOf(flags), {
      signal: abort.signal,
      onProgress: (progress) => bar.update(progress),
    });
    bar.stop();
    await print(flags.json ? `${JSON.stringify(summary, null, 2)}\n` : formatSendReport(summary));
    const verdict = sendVerdict(summary);
    if (verdict === 'not-reachable')
      throw new RstError(
        'RST_NOT_REACHABLE',
        `Nothing answers at ${summary.target}; is rst-server running there?`,
      );
    if (verdict === 'failed') process.exitCode = 1;
  } finally {
    bar.stop();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function optionsOf(flags: SendFlags): SendOptions {
  const { to, ptime, duration, stagger, rate, loss, duplicate, jitter, burst, json, ...same } =
    flags;
  const renamed = {
    ptimeMs: ptime,
    durationMs: duration,
    staggerMs: stagger,
    speed: rate,
    loss: loss === undefined ? undefined : loss / 100,
    duplicate: duplicate === undefined ? undefined : duplicate / 100,
    jitterMs: jitter,
    burstMs: burst,
  };
  const given = Object.entries(renamed).filter(([, value]) => value !== undefined);
  return { ...to, ...same, ...Object.fromEntries(given) };
}

/** A bar on a terminal's stderr; elsewhere nothing. */
function progressBar(calls: number): { update(progress: SendProgress): void; stop(): void } {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {running} of {calls} running, {ended} ended',
    stream: process.stderr,
    clearOnComplete: true,
    gracefulExit: false,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  bar.start(1, 0, { calls, running: 0, ended: 0 });
  return {
    update: ({ played, callsRunning, callsEnded }) =>
      bar.update(played, { running: callsRunning, ended: callsEnded }),
    stop: () => bar.stop(),
  };
}

function toTarget(text: string): { host: string; port: number } {
  return parseTarget(text, DEFAULT_PORT);
}

function toSource(text: string): SourceSpec {
  return parseSource(text);
}

function toNumber(flag: string): (text: string) => number {
  return (text) => {
    if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
    throw new RstError('RST_USAGE', `${flag} takes a number, not ${JSON.stringify(text)}.`);
  };
}

/** Milliseconds: a bare number, or a duration with its unit. */
function toMs(flag: string): (text: string) => number {
  return (text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : durationOf(flag, text));
}

function toDuration(text: string): number {
  return durationOf('--duration', text);
}

function durationOf(flag: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new RstError('RST_USAGE', `${flag}: ${errorText(error)}`, { cause: error });
  }
}
