import type { Command } from 'commander';
import { type ConfigKey, type Flag, loadConfig, USUAL_FILES } from '../config/index.ts';
import { createLog } from '../log.ts';
import { runUntilSignal } from './run-until-signal.ts';

/** What commander makes of the flags; each that is a setting is text, whatever its key takes. */
interface StartOptions {
  config?: string;
  host?: string;
  port?: string;
  mediaPorts?: string;
  records?: string;
  format?: string;
  logLevel?: string;
  esl: boolean;
  json?: true;
}

/** `rst-server start`: runs the daemon until SIGTERM or SIGINT; SIGHUP has it read its configuration again. */
export function registerStart(program: Command): void {
  program
    .command('start')
    .description('run the daemon until SIGTERM or SIGINT, reload it on SIGHUP; logs go to stdout')
    .option('-c, --config <file>', `the configuration (default: ${USUAL_FILES.join(', else ')})`)
    .option('--host <host>', 'the address to listen on')
    .option('--port <number>', 'the UDP control port; 0 takes any free one')
    .option('--media-ports <range>', 'the UDP ports of the legs, FIRST-LAST')
    .option('--records <folder>', 'where the recordings go')
    .option(
      '--format <list>',
      'the formats of the recordings, separated by commas: wav, pcm, raw, stereo',
    )
    .option('--no-esl', 'do not connect to any FreeSWITCH event socket')
    .option('--log-level <level>', 'trace, debug, info, warn, error or fatal')
    .option('--json', 'log JSON even on a terminal')
    .action(start);
}

async function start(options: StartOptions): Promise<void> {
  const flags = settingsOf(options);
  const load = () => loadConfig({ file: options.config, flags });
  const { config, source, warnings } = load();
  // A reader of the log that goes away (`start | head`) must not take the recordings with it.
  process.stdout.on('error', () => {});
  const log = createLog({ ...config.log, json: options.json === true });
  log.info({ file: source }, 'configuration loaded');
  for (const warning of warnings) log.warn(warning);
  // Only here, because the other commands have no use for the daemon and all that it imports.
  const { Daemon } = await import('../daemon.ts');
  const { SystemdService } = await import('../service/index.ts');
  const daemon = new Daemon({ config, log, load });
  const { shutdownTimeoutMs } = config.daemon;
  const service = SystemdService.of(daemon, { log, shutdownTimeoutMs });
  // Said outright, so that nothing that was left open can keep a finished daemon alive.
  process.exit(await runUntilSignal(service ?? daemon, log, shutdownTimeoutMs));
}

function settingsOf(options: StartOptions): Flag[] {
  const settings: [flag: string, key: ConfigKey, text: string | undefined][] = [
    ['--host', 'server.host', options.host],
    ['--port', 'server.port', options.port],
    ['--media-ports', 'media.ports', options.mediaPorts],
    ['--records', 'records.dir', options.records],
    ['--format', 'records.formats', options.format],
    ['--no-esl', 'esl.enabled', options.esl ? undefined : 'false'],
    ['--log-level', 'log.level', options.logLevel],
  ];
  return settings.flatMap(([flag, key, text]) => (text === undefined ? [] : [{ flag, key, text }]));
}
