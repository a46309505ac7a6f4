import { Command, CommanderError } from 'commander';
import { errorText, RstError } from '../errors.ts';
import { packageVersion } from '../package-version.ts';
import { registerBoxes } from './boxes.ts';
import { registerCalls } from './calls.ts';
import { registerCheckConfig } from './check-config.ts';
import { registerDoctor } from './doctor.ts';
import { registerHealth } from './health.ts';
import { registerImportConfig } from './import-config.ts';
import { registerRecover } from './recover.ts';
import { registerReload } from './reload.ts';
import { registerRules } from './rules.ts';
import { registerSend } from './send.ts';
import { registerStart } from './start.ts';
import { registerStop } from './stop.ts';
import { registerTap } from './tap.ts';

/**
 * Runs the command of `argv` (as `process.argv`). Where that fails it says so on stderr and ends the
 * process: 1 failed, 2 usage or configuration, 3 not reachable.
 */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(argv);
  } catch (error) {
    // At once, so that nothing a failed command left open keeps it from ending.
    process.exit(report(error));
  }
}

function createProgram(): Command {
  const program = new Command('rst-server')
    .description('Records FreeSWITCH calls tapped by mod_rst: both directions, sample-aligned.')
    .version(packageVersion(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'rst-server: ')),
    });
  // Commands copy these settings when they are made, so they come after them.
  registerStart(program);
  registerCalls(program);
  registerTap(program);
  registerStop(program);
  registerBoxes(program);
  registerHealth(program);
  registerReload(program);
  registerCheckConfig(program);
  registerDoctor(program);
  registerImportConfig(program);
  registerRecover(program);
  registerRules(program);
  registerSend(program);
  return program;
}

/** Says on stderr what was thrown, and returns the exit code it stands for. */
function report(error: unknown): number {
  // Commander has already written its message, and ends with 1 where a command is wrong or missing.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isExpected = error instanceof RstError;
  const text =
    !isExpected && process.env.RST_DEBUG && error instanceof Error && error.stack
      ? error.stack
      : errorText(error);
  for (const line of text.split('\n')) process.stderr.write(`rst-server: ${line}\n`);
  return isExpected ? error.exitCode : 1;
}
