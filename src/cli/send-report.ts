import Table from 'cli-table3';
import type { CallSummary, SendSummary } from '../send/index.ts';

/** `failed`: a call or its BYE went unanswered; `not-reachable`: all of them did, nothing answered at all. */
export type SendVerdict = 'done' | 'failed' | 'not-reachable';

export function sendVerdict({ calls, totals }: SendSummary): SendVerdict {
  if (totals.noAck === 0 && totals.byeUnanswered === 0) return 'done';
  const isAnswered = calls.some(
    (call) => call.inv.ackedAfterMs !== null || call.bye.acked || call.endedBy === 'server',
  );
  return isAnswered ? 'failed' : 'not-reachable';
}

/** More calls than this are told by their totals; the ones that went wrong come first. */
const MAX_ROWS = 20;

/** The summary as a person reads it: a table of calls and a few sentences. */
export function formatSendReport(summary: SendSummary): string {
  const { calls, totals } = summary;
  const table = new Table({
    head: ['call', 'outcome', 'ACK', 'ports', 'R packets', 'W packets', 'left out', 'BYE'],
    style: { head: [], border: [], compact: true },
  });
  const shown = calls.toSorted((a, b) => rank(a) - rank(b)).slice(0, MAX_ROWS);
  for (const call of shown) table.push(row(call));
  const more = calls.length - shown.length;
  const lines = [
    table.toString(),
    ...(more > 0 ? [`and ${count(more, 'call')} more`] : []),
    `${count(totals.calls, 'call')} to ${summary.target} in ${(totals.durationMs / 1000).toFixed(1)} s: ${outcomes(summary)}`,
    `${count(totals.packets, 'packet')} with ${totals.bytes} bytes of audio sent, ${totals.lost} left out, none later than ${Math.ceil(totals.worstLateMs)} ms`,
  ];
  if (totals.ackMs) {
    const { p50, p99, max } = totals.ackMs;
    lines.push(`INV answered after ${p50} ms (median), ${p99} ms (p99), ${max} ms (longest)`);
  }
  if (totals.byeUnanswered > 0)
    lines.push(`${count(totals.byeUnanswered, 'BYE')} without an answer; did the server stop?`);
  return `${lines.join('\n')}\n`;
}

function row(call: CallSummary): (string | number)[] {
  const { R, W } = call.legs;
  const tries = call.inv.sent > 1 ? ` (${call.inv.sent} INV)` : '';
  return [
    call.uuid,
    call.outcome,
    (call.inv.ackedAfterMs === null ? 'none' : `${call.inv.ackedAfterMs} ms`) + tries,
    call.ports ? `${call.ports.readPort}, ${call.ports.writePort}` : 'control',
    R.packets,
    W.packets,
    R.lost + W.lost,
    call.bye.sent === 0 ? 'not sent' : call.bye.acked ? 'answered' : 'unanswered',
  ];
}

/** Calls that went wrong before those that did not. */
function rank(call: CallSummary): number {
  return call.outcome === 'completed' && (call.bye.sent === 0 || call.bye.acked) ? 1 : 0;
}

function outcomes({ totals }: SendSummary): string {
  const parts: [number, string][] = [
    [totals.completed, 'completed'],
    [totals.noAck, 'without an ACK'],
    [totals.endedByServer, 'ended by the server'],
    [totals.aborted, 'aborted'],
  ];
  return parts
    .filter(([number]) => number > 0)
    .map(([number, words]) => `${number} ${words}`)
    .join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
