/** `npm run demo`: records five calls with the real server, without a FreeSWITCH, and shows what became of them. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import Table from 'cli-table3';
import {
  type CallSummary,
  createServer,
  type Manifest,
  type SendOptions,
  sendCalls,
} from '../src/index.ts';

/** What FreeSWITCH's tap would send: the caller's speech in R, the agent's in W, 6 s each. */
const SPEECH = join(import.meta.dirname, '../test/fixtures/speech');
const LENGTH_S = 6;

interface DemoCall {
  uuid: string;
  form: string;
  options: Partial<SendOptions>;
}

const CALLS: DemoCall[] = [
  { uuid: 'demo-pcmu', form: 'two ports', options: { codec: 'pcmu' } },
  { uuid: 'demo-pcma', form: 'two ports', options: { codec: 'pcma' } },
  { uuid: 'demo-l16', form: 'two ports', options: { codec: 'l16', l16Rate: 16_000 } },
  { uuid: 'demo-old', form: 'old, one port', options: { oldForm: true } },
  {
    uuid: 'demo-bad-net',
    form: 'two ports, bad network',
    options: { loss: 0.02, jitterMs: 15, burstMs: 300 },
  },
];

/** A call as it was sent and as it was recorded. */
interface Outcome {
  call: DemoCall;
  sent: CallSummary;
  recorded: { manifest: Manifest; folder: string };
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());

try {
  const dir = join('records', `demo-${timestamp(new Date())}`);
  await mkdir('records', { recursive: true });
  await mkdir(dir);
  const outcomes = await recordCalls(dir);
  for (const outcome of outcomes) assertComplete(outcome);
  process.stdout.write(formatReport(dir, outcomes));
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function recordCalls(dir: string): Promise<Outcome[]> {
  // Any free control port, and media ports that a server on this machine does not begin with.
  const server = createServer({
    config: {
      server: { host: '127.0.0.1', port: 0 },
      media: { ports: '15000-15999' },
      records: { dir },
    },
  });
  await server.start(stop.signal);
  let summaries: CallSummary[];
  try {
    const { port } = server.controlAddress;
    process.stdout.write(
      `The server listens on 127.0.0.1:${port} (UDP).\nPlaying ${CALLS.length} calls of ${LENGTH_S} s each, at the same time, in real time ...\n`,
    );
    summaries = await Promise.all(CALLS.map((call, index) => play(call, index, port)));
  } finally {
    await server.close();
  }
  if (stop.signal.aborted) throw new Error(`interrupted; what was recorded is in ./${dir}`);
  return Promise.all(
    summaries.map(async (sent, index) => {
      const call = CALLS[index] as DemoCall;
      return { call, sent, recorded: await readManifest(dir, call.uuid) };
    }),
  );
}

async function play(call: DemoCall, index: number, port: number): Promise<CallSummary> {
  const { calls } = await sendCalls(
    {
      host: '127.0.0.1',
      port,
      uuid: call.uuid,
      caller: `1380000111${index}`,
      callee: '95001',
      read: { kind: 'wav', path: join(SPEECH, 'caller.wav') },
      write: { kind: 'wav', path: join(SPEECH, 'agent.wav') },
      ...call.options,
    },
    { signal: stop.signal },
  );
  return calls[0] as CallSummary;
}

async function readManifest(dir: string, uuid: string): Promise<Outcome['recorded']> {
  const names = await readdir(dir, { recursive: true });
  const name = names.find((path) => path.endsWith(`${uuid}.json`));
  if (!name) throw new Error(`the call ${uuid} left no manifest in ./${dir}`);
  const manifest: Manifest = JSON.parse(await readFile(join(dir, name), 'utf8'));
  return { manifest, folder: dirname(name) };
}

function assertComplete({ call, sent, recorded }: Outcome): void {
  const { uuid } = call;
  if (sent.outcome !== 'completed')
    throw new Error(`the call ${uuid} was not completed but ${sent.outcome}`);
  for (const leg of ['R', 'W'] as const) {
    const wanted = sent.legs[leg].packets;
    const { packets, files } = recorded.manifest.tracks[leg];
    if (packets !== wanted)
      throw new Error(`${packets} packets of the call ${uuid} (${leg}) arrived, of ${wanted} sent`);
    if (files.length === 0) throw new Error(`the call ${uuid} (${leg}) left no audio`);
  }
}

function formatReport(dir: string, outcomes: Outcome[]): string {
  const table = new Table({
    head: ['call', 'codec', 'form', 'duration', 'packets', 'lost', 'files'],
    style: { head: [], border: [] },
  });
  for (const { call, recorded } of outcomes) {
    const { tracks, durationMs } = recorded.manifest;
    const { R, W } = tracks;
    const rate = R.sampleRate === 8000 ? '' : ` ${(R.sampleRate ?? 0) / 1000} kHz`;
    table.push([
      call.uuid,
      `${R.codec}${rate}`,
      call.form,
      `${(durationMs / 1000).toFixed(2)} s`,
      `R ${R.packets}\nW ${W.packets}`,
      `${R.lostPackets}\n${W.lostPackets}`,
      [...R.files, ...W.files].map(({ path }) => relative(recorded.folder, path)).join('\n'),
    ]);
  }
  const { call, sent, recorded } = outcomes.at(-1) as Outcome;
  const { R, W } = sent.legs;
  const [read, write] = ['demo-pcmu-R.wav', 'demo-pcmu-W.wav'];
  return `${table.toString()}
R is what the far party says, W what it hears. ${call.uuid} was sent with jitter and bursts, and with ${R.lost} (R)
and ${W.lost} (W) packets left out. Packets have no numbers, so "lost" is what arrival times prove.

Listen with any player, for example:
  cd ./${join(dir, recorded.folder)}
  ffplay -nodisp -autoexit ${read}
  play ${read}
Both legs in one file, R left and W right:
  sox -M ${read} ${write} both.wav
  ffmpeg -i ${read} -i ${write} -filter_complex join=inputs=2:channel_layout=stereo both.wav
Beside the audio of each call is its manifest (${call.uuid}.json); ./${join(dir, 'cdr')} has a line for each call.
`;
}

/** `2026-03-09-170502`, local time. */
function timestamp(date: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
