import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, styleText } from 'node:util';
import type { Command } from 'commander';
import { type Config, type LoadedConfig, loadConfig, USUAL_FILES } from '../config/index.ts';
import type { CheckResult, CheckStatus, Surroundings, TrialServer } from '../doctor/index.ts';
import { createLog } from '../log.ts';
import { print } from './print.ts';
import { printable, printableJson } from './printable.ts';

/** A program of the system may ask another one, and wait for it in vain. */
const COMMAND_TIMEOUT_MS = 3000;

/** What ends it early; a terminal that is closed is no reason to leave files behind. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a command that can't be run has said. */
const NOTHING = { stdout: null };

/** `rst-server doctor`: checks by doing it whether calls would be recorded here. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check by doing it whether calls can be recorded, and say what to do where not')
    .option('-c, --config <file>', `the configuration (default: ${USUAL_FILES.join(', else ')})`)
    .option('--json', 'print one JSON document')
    .action(doctor);
}

async function doctor(options: { config?: string; json?: true }): Promise<void> {
  const loaded = loadConfig({ file: options.config });
  const abort = new AbortController();
  // Once: a second Ctrl-C meets no listener and ends the process.
  const onSignal = () => abort.abort();
  for (const signal of SIGNALS) process.once(signal, onSignal);
  const results: CheckResult[] = [];
  try {
    for await (const result of checksOf(loaded, abort.signal)) {
      results.push(result);
      // Whoever reads it may have seen enough.
      if (!options.json && !(await print(formatResult(result)))) break;
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    process.stderr.write('rst-server: stopped before all was checked\n');
    process.exitCode = 1;
    return;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
  const status = worstOf(results);
  const document = { status, file: loaded.source, checks: results };
  await print(options.json ? `${printableJson(document, 2)}\n` : formatTotals(results));
  if (status === 'failed') process.exitCode = 1;
}

async function* checksOf(loaded: LoadedConfig, signal: AbortSignal): AsyncGenerator<CheckResult> {
  // Only here, because the other commands have no use for what it imports.
  const { examine } = await import('../doctor/index.ts');
  yield* examine(loaded, surroundings(signal));
}

function surroundings(signal: AbortSignal): Omit<Surroundings, 'config'> {
  return {
    platform: process.platform,
    systemFile: (path) => readFile(path, 'utf8').catch(() => null),
    systemCommand: async (file, args) => {
      const options = { timeout: COMMAND_TIMEOUT_MS, signal };
      const { stdout } = await promisify(execFile)(file, [...args], options).catch(() => NOTHING);
      return stdout;
    },
    startServer,
    nowMs: Date.now,
    signal,
  };
}

/** The daemon itself, with all but the network replaced by what leaves no trace. */
async function startServer(config: Config): Promise<TrialServer> {
  const { Daemon } = await import('../daemon.ts');
  const dir = await mkdtemp(join(tmpdir(), 'rst-server-doctor-'));
  try {
    const log = createLog({ level: 'fatal', maskNumbers: true, stream: { write: () => {} } });
    const daemon = new Daemon({
      config: {
        ...config,
        daemon: { ...config.daemon, socket: 'off' },
        media: { ...config.media, workers: 1 },
        records: { ...config.records, dir },
        esl: { ...config.esl, enabled: false },
        freeswitch: [],
      },
      log,
    });
    await daemon.start();
    return {
      controlPort: daemon.controlAddress.port,
      close: async () => {
        try {
          await daemon.close('shutdown');
        } finally {
          await rm(dir, { recursive: true, force: true });
        }
      },
    };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

const MARKS: Record<CheckStatus, { sign: string; colour: 'green' | 'yellow' | 'red' }> = {
  ok: { sign: '✔', colour: 'green' },
  warning: { sign: '!', colour: 'yellow' },
  failed: { sign: '✖', colour: 'red' },
};

/** `✔ name: what was found`, and below it what to do; with the status in words where there are no colours. */
function formatResult({ name, status, found, todo }: CheckResult): string {
  const { sign, colour } = MARKS[status];
  const mark = process.stdout.isTTY ? styleText(colour, sign) : `${status}:`.padEnd(8);
  const line = `${mark} ${printable(name)}: ${printable(found)}\n`;
  if (todo === undefined) return line;
  const indent = process.stdout.isTTY ? '  ' : ' '.repeat(9);
  return `${line}${indent}→ ${printable(todo)}\n`;
}

function formatTotals(results: readonly CheckResult[]): string {
  const count = (status: CheckStatus) => results.filter((each) => each.status === status).length;
  const warnings = count('warning');
  return `${results.length} checks: ${count('failed')} failed, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}\n`;
}

function worstOf(results: readonly CheckResult[]): CheckStatus {
  const order: CheckStatus[] = ['failed', 'warning'];
  return order.find((status) => results.some((each) => each.status === status)) ?? 'ok';
}
