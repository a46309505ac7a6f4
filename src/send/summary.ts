import type { PortPair } from '../protocol/index.ts';

/** How a call ended. `no-ack`: the server never answered. `aborted`: the one who sends stopped it. */
export type CallOutcome = 'completed' | 'no-ack' | 'ended-by-server' | 'aborted';

/**
 * `packets` and `bytes` (of payload) were sent, each counted once; `duplicates` of them a second time;
 * `lost` packets were left out on purpose.
 */
export interface LegSummary {
  packets: number;
  bytes: number;
  lost: number;
  duplicates: number;
}

export interface CallSummary {
  uuid: string;
  outcome: CallOutcome;
  endedBy: 'sender' | 'server';
  /** RFC 3339, when the first INV went out (the first DATA where there is none); `null`: never begun. */
  startedAt: string | null;
  /** INVs sent, and milliseconds from the first one to its ACK. */
  inv: { sent: number; ackedAfterMs: number | null };
  /** The server's ports from its ACK; `null`: DATA went to the control port. */
  ports: PortPair | null;
  /** Whether the INV offered numbered packets, and whether the ACK accepted them. */
  seq: { offered: boolean; accepted: boolean };
  legs: { R: LegSummary; W: LegSummary };
  bye: { sent: number; acked: boolean };
}

/** The summary of a call that was stopped before it sent anything. */
export function unbegunCall(uuid: string): CallSummary {
  return {
    uuid,
    outcome: 'aborted',
    endedBy: 'sender',
    startedAt: null,
    inv: { sent: 0, ackedAfterMs: null },
    ports: null,
    seq: { offered: false, accepted: false },
    legs: {
      R: { packets: 0, bytes: 0, lost: 0, duplicates: 0 },
      W: { packets: 0, bytes: 0, lost: 0, duplicates: 0 },
    },
    bye: { sent: 0, acked: false },
  };
}

export interface SendTotals {
  calls: number;
  completed: number;
  noAck: number;
  endedByServer: number;
  aborted: number;
  /** Calls that sent a BYE and never got its ACK. */
  byeUnanswered: number;
  packets: number;
  bytes: number;
  lost: number;
  duplicates: number;
  /** From INV to ACK, over the calls that got one; `null` where none did. */
  ackMs: { p50: number; p99: number; max: number } | null;
  /** How late this process was with anything at the worst: its own share in what a server measures. */
  worstLateMs: number;
  /** Wall clock, from the first call's opening to the last one's end. */
  durationMs: number;
}

export interface SendSummary {
  /** `host:port` as they were given. */
  target: string;
  seed: number;
  calls: CallSummary[];
  totals: SendTotals;
}

export function totalsOf(
  calls: CallSummary[],
  measured: { worstLateMs: number; durationMs: number },
): SendTotals {
  const legs = calls.flatMap((call) => [call.legs.R, call.legs.W]);
  const count = (outcome: CallOutcome) => calls.filter((call) => call.outcome === outcome).length;
  const sum = (key: keyof LegSummary) => legs.reduce((total, leg) => total + leg[key], 0);
  return {
    calls: calls.length,
    completed: count('completed'),
    noAck: count('no-ack'),
    endedByServer: count('ended-by-server'),
    aborted: count('aborted'),
    byeUnanswered: calls.filter((call) => call.bye.sent > 0 && !call.bye.acked).length,
    packets: sum('packets'),
    bytes: sum('bytes'),
    lost: sum('lost'),
    duplicates: sum('duplicates'),
    ackMs: spread(calls.flatMap((call) => call.inv.ackedAfterMs ?? [])),
    worstLateMs: rounded(measured.worstLateMs),
    durationMs: rounded(measured.durationMs),
  };
}

/** Milliseconds with two digits behind the point. */
export function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

function spread(values: number[]): SendTotals['ackMs'] {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] as number;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
