import type { Limit } from './bisect.ts';
import type { Comparison, Ratio } from './compare.ts';
import { median } from './median.ts';
import type { RunFigures } from './run.ts';
import type { SetupFigures } from './setup.ts';
import type { SubjectName } from './subject.ts';
import { tableOf } from './table.ts';

const HEAD = [
  ...['', 'µs/packet', 'user', 'system', 'packets', 'lost', 'misordered', 'RSS MB', 'kB/call'],
  ...['loops p99 ms', 'ACK p50 ms', 'p99 ms', 'INV/s'],
];

/** Medians of the rounds, and what went wrong in any of them. */
export function compareReport(comparisons: readonly Comparison[]): string {
  return comparisons.map(textOf).join('\n');
}

function textOf({ calls, runs, ratios, failure }: Comparison): string {
  const all = (Object.entries(runs) as [SubjectName, RunFigures[]][]).filter(
    ([, figures]) => figures.length > 0,
  );
  const first = all[0]?.[1] ?? [];
  const rate = Math.round(first[0]?.packetsPerSecond ?? 0);
  const title = `${calls} calls, ${rate} packets/s, rounds: ${first.length}\n`;
  const rows = all.map(([name, figures]) => rowOf(name, figures));
  const remarks = all.flatMap(([name, figures]) => remarksOn(name, figures));
  if (failure !== null) remarks.push(`! ended early: ${failure}\n`);
  const table = rows.length > 0 ? tableOf([HEAD, ...rows]) : '';
  return [title, table, ...remarks, ratioTable(ratios)].join('');
}

function ratioTable(ratios: readonly Ratio[]): string {
  const names = [...new Set(ratios.map(({ of }) => of))];
  if (names.length === 0) return '';
  const rows = names.map((of) => [
    of,
    ...names.map((to) => {
      const ratio = ratios.find((one) => one.of === of && one.to === to);
      if (!ratio) return '1';
      return `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`;
    }),
  ]);
  return `\n${tableOf([['CPU, times that of', ...names], ...rows])}`;
}

function rowOf(name: string, runs: readonly RunFigures[]): string[] {
  const of = (pick: (run: RunFigures) => number) => median(runs.map(pick));
  const sum = (pick: (run: RunFigures) => number) => runs.reduce((all, run) => all + pick(run), 0);
  const loops = (runs[0]?.loops ?? []).map((_, i) =>
    of((run) => run.loops[i]?.p99Ms ?? Number.NaN).toFixed(1),
  );
  const ack = (pick: 'p50Ms' | 'p99Ms') =>
    runs.every(({ acks }) => acks === null)
      ? '–'
      : of((run) => run.acks?.[pick] ?? Number.NaN).toFixed(2);
  return [
    name,
    of((run) => run.cpuUs).toFixed(2),
    of((run) => run.userUs).toFixed(2),
    of((run) => run.systemUs).toFixed(2),
    ...[(run: RunFigures) => run.check.sent, (run: RunFigures) => run.check.lost].map((pick) =>
      String(sum(pick)),
    ),
    String(sum((run) => run.check.misordered)),
    of((run) => run.peakBytes / 1e6).toFixed(0),
    of((run) => run.perCallBytes / 1e3).toFixed(0),
    loops.length === 0 ? '–' : loops.join(' / '),
    ack('p50Ms'),
    ack('p99Ms'),
    of((run) => run.setup.perSecond).toFixed(0),
  ];
}

/** What the table has no column for, where there is any. */
function remarksOn(name: string, runs: readonly RunFigures[]): string[] {
  return runs.flatMap(({ check, complaints, failed, late, isOnPace, acks, setup }, index) => {
    const { cut, takenOut, missingCalls, repeated, wrongSamples, dropped } = check;
    const unanswered = acks === null ? 0 : acks.sent - acks.answered;
    const remarks = [
      isOnPace
        ? ''
        : `the generator did not keep its pace: ${late.p99Ms.toFixed(1)} ms late (p99), ${late.maxMs.toFixed(0)} ms at most`,
      failed > 0 ? `${failed} packets could not be sent` : '',
      cut > 0 ? `${cut} packets came and are not in the files` : '',
      takenOut > 0
        ? `${takenOut} packets came before their time and were left out, as the manifests say`
        : '',
      repeated > 0 ? `${repeated} packets are in the files twice` : '',
      wrongSamples > 0 ? `${wrongSamples} samples are none that were sent` : '',
      Object.keys(dropped).length > 0 ? `dropped: ${JSON.stringify(dropped)}` : '',
      unanswered > 0 ? `${unanswered} INVs of ${acks?.sent} got no ACK` : '',
      missingCalls > 0 ? `${missingCalls} calls have left nothing` : '',
      ...Object.entries(complaints).map(([text, count]) => `${count} times in its log: ${text}`),
      setup.portless > 0
        ? `${setup.portless} calls got no ports, and sent to the control port`
        : '',
      setup.resent > 0 ? `${setup.resent} INVs had to be sent again` : '',
    ].filter((text) => text !== '');
    return remarks.map((text) => `! ${name}, round ${index + 1}: ${text}\n`);
  });
}

export function setupReport(results: readonly SetupFigures[]): string {
  const groups = Map.groupBy(results, ({ calls, name }) => `${name}, ${calls} calls`);
  const rows = [...groups].map(([title, figures]) => {
    const of = (pick: (one: SetupFigures) => number) => median(figures.map(pick));
    return [
      title,
      of(({ invs }) => invs.perSecond).toFixed(0),
      of(({ invs }) => invs.p50Ms).toFixed(1),
      of(({ invs }) => invs.p99Ms).toFixed(1),
      of(({ byes }) => byes.perSecond).toFixed(0),
      String(figures.reduce((sum, { invs }) => sum + invs.resent, 0)),
      String(figures.reduce((sum, { invs }) => sum + invs.portless, 0)),
    ];
  });
  return tableOf([
    ['', 'INV/s', 'ACK p50 ms', 'p99 ms', 'BYE/s', 'sent again', 'without ports'],
    ...rows,
  ]);
}

export function bisectReport(limits: readonly Limit[]): string {
  const rows = limits.map(({ name, lossless, tooMany, reason }) => [
    name,
    String(lossless),
    tooMany === null ? '–' : String(tooMany),
    reason ?? '–',
  ]);
  return tableOf([['', 'calls without a loss', 'too many', 'because'], ...rows]);
}
