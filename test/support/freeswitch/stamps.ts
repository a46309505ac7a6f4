/** The time as FreeSWITCH writes it: `2026-11-20 09:57:29`, here always in UTC. */
export function stampOf(timeUs: number): string {
  return new Date(timeUs / 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Microseconds since 1970, in whole milliseconds. */
export function nowUs(): number {
  return Date.now() * 1000;
}

/** `Event-Date-GMT` */
export function gmtOf(timeUs: number): string {
  return new Date(timeUs / 1000).toUTCString();
}
