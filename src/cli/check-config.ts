import Table from 'cli-table3';
import type { Command } from 'commander';
import { type LoadedConfig, loadConfig, type Origin, USUAL_FILES } from '../config/index.ts';
import { print } from './print.ts';

/** `rst-server check-config`: what the daemon would run with, and where each value came from. */
export function registerCheckConfig(program: Command): void {
  program
    .command('check-config')
    .description('check the configuration and show every value and where it came from')
    .option('-c, --config <file>', `the file (default: ${USUAL_FILES.join(', else ')})`)
    .option('--json', 'print one JSON document')
    .action(async (options: { config?: string; json?: true }) => {
      const loaded = loadConfig({ file: options.config });
      await print(options.json ? formatJson(loaded) : formatText(loaded));
      if (options.json) return;
      for (const warning of loaded.warnings)
        process.stderr.write(`rst-server: warning: ${warning}\n`);
    });
}

function formatJson({ source, settings, warnings }: LoadedConfig): string {
  const bySetting = Object.fromEntries(
    [...settings].map(([key, { value, origin }]) => {
      const { kind, ...place } = origin;
      return [key, { value, from: kind, ...place }];
    }),
  );
  return `${JSON.stringify({ file: source, settings: bySetting, warnings }, null, 2)}\n`;
}

function formatText({ source, settings }: LoadedConfig): string {
  const table = new Table({
    head: ['key', 'value', 'from'],
    style: { head: [], border: [], compact: true },
  });
  for (const [key, { value, origin }] of settings)
    table.push([key, shown(value), shownOrigin(origin)]);
  const file = source ?? `none (looked for ${USUAL_FILES.join(' and ')})`;
  return `File: ${file}\n${table.toString()}\n`;
}

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function shownOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'file':
      return `file, line ${origin.line}`;
    case 'environment':
      return `environment ${origin.variable}`;
    case 'flag':
      return origin.flag;
    case 'program':
      return 'the program';
  }
}
