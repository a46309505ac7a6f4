import { parseArgs } from 'node:util';
import { datagramAt } from './datagrams.ts';
import { runFuzz } from './run-fuzz.ts';

// npm run fuzz -- --seed S [--datagrams N] [--seconds LIMIT]
// npm run fuzz -- --seed S --show INDEX      one datagram, as it is sent in any run of that seed
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
    datagrams: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '3600' },
    show: { type: 'string' },
  },
});
const seed = numberOf('seed', values.seed);
if (values.show === undefined) await fuzz();
else show(numberOf('show', values.show));

async function fuzz(): Promise<void> {
  const report = await runFuzz({
    seed,
    datagrams: numberOf('datagrams', values.datagrams),
    seconds: numberOf('seconds', values.seconds),
    onProgress: (sent, { descriptors, residentBytes }) =>
      process.stderr.write(
        `${sent} datagrams; ${Math.round(residentBytes / 1e6)} MB, ${descriptors} descriptors\n`,
      ),
  });
  const { faults, ...figures } = report;
  const perSecond = Math.round(report.datagrams / report.seconds);
  process.stdout.write(`${JSON.stringify({ ...figures, perSecond }, null, 2)}\n`);
  for (const fault of faults.slice(0, 20)) process.stderr.write(`seed ${seed}: ${fault}\n`);
  if (faults.length > 20) process.stderr.write(`and ${faults.length - 20} faults more\n`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

function show(index: number): void {
  const { bytes, ...rest } = datagramAt(seed, index);
  process.stdout.write(`${JSON.stringify({ seed, index, ...rest, size: bytes.length })}\n`);
  process.stdout.write(`${JSON.stringify(bytes.toString('latin1'))}\n${bytes.toString('hex')}\n`);
}

function numberOf(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  process.stderr.write(`--${name} takes a whole number, not ${JSON.stringify(text)}.\n`);
  process.exit(2);
}
