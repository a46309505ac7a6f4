import { checkOptions, type SendOptions } from './options.ts';
import { openLegSources } from './packet-source.ts';
import { type SendHooks, SendRun } from './send-run.ts';
import type { SendSummary } from './summary.ts';
import { resolveTarget } from './target.ts';
import { wireFormat } from './wire-format.ts';

/**
 * Plays audio as calls to a capture server, all at their own pace from one timer, and tells what became of
 * them. A hook that throws ends the calls and is thrown here.
 *
 * @throws RstError RST_USAGE (options), RST_AUDIO_FILE (a source), RST_NOT_REACHABLE (the host has no
 *   address), RST_PORT_IN_USE (no socket). A server that does not answer is no error: see `outcome`.
 */
export async function sendCalls(options: SendOptions, hooks: SendHooks = {}): Promise<SendSummary> {
  const checked = checkOptions(options);
  const format = wireFormat(
    checked.codec,
    checked.codec === 'l16' ? checked.l16Rate : 8000,
    checked.ptimeMs,
  );
  const sources = await openLegSources(checked.read, checked.write, format);
  const target = await resolveTarget(checked.host, checked.port);
  return new SendRun(checked, format, sources, target, hooks).run();
}
