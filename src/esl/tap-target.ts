/** Where FreeSWITCH is told to send. */
export interface TapTarget {
  host: string;
  port: number;
}

/** `192.0.2.5:9527`, `[2001:db8::5]:9527` */
export function formatTarget({ host, port }: TapTarget): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
