/** What `status` and HEARTBEAT say about the process. */
export interface Uptime {
  upMs: number;
  sessions: number;
  sessionsSinceStart: number;
}

export function uptimeText(upMs: number): string {
  const part = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`;
  const s = Math.floor(upMs / 1000);
  return [
    part(0, 'year'),
    part(Math.floor(s / 86_400), 'day'),
    part(Math.floor(s / 3600) % 24, 'hour'),
    part(Math.floor(s / 60) % 60, 'minute'),
    part(s % 60, 'second'),
    part(Math.floor(upMs) % 1000, 'millisecond'),
    part(0, 'microsecond'),
  ].join(', ');
}

export function statusText({ upMs, sessions, sessionsSinceStart }: Uptime): string {
  return `UP ${uptimeText(upMs)}
FreeSWITCH (Version 1.10.12-release  64bit) is ready
${sessionsSinceStart} session(s) since startup
${sessions} session(s) - peak ${sessionsSinceStart}, last 5min ${sessionsSinceStart} 
0 session(s) per Sec out of max 100, peak 0, last 5min 0 
1000 session(s) max
min idle cpu 0.00/100.00
Current Stack Size/Max 240K/8192K
`;
}

/** The own headers of a HEARTBEAT. */
export function heartbeatValues(uptime: Uptime): Record<string, string> {
  const { upMs, sessions, sessionsSinceStart } = uptime;
  return {
    'Event-Info': 'System Ready',
    'Up-Time': uptimeText(upMs),
    'FreeSWITCH-Version': '1.10.12-release~64bit',
    'Uptime-msec': String(Math.floor(upMs)),
    'Session-Count': String(sessions),
    'Max-Sessions': '1000',
    'Session-Per-Sec': '100',
    'Session-Per-Sec-Last': '0',
    'Session-Per-Sec-Max': '2',
    'Session-Per-Sec-FiveMin': '2',
    'Session-Since-Startup': String(sessionsSinceStart),
    'Session-Peak-Max': String(sessionsSinceStart),
    'Session-Peak-FiveMin': String(sessionsSinceStart),
    'Idle-CPU': '97.333333',
  };
}
