import type { Config, PortRange } from '../config/index.ts';
import type { Verdict } from './check.ts';
import { notChecked } from './not-checked.ts';
import type { Surroundings } from './surroundings.ts';
import { ok, warning } from './verdict.ts';

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
const RESERVED = '/proc/sys/net/ipv4/ip_local_reserved_ports';

/** Whether the kernel gives ports of ours to whoever asks for just any port. */
export async function checkLocalPortRange({
  config,
  platform,
  systemFile,
}: Surroundings): Promise<Verdict> {
  if (platform !== 'linux') return notChecked(platform);
  const [low, high] = ((await systemFile(RANGE)) ?? '').trim().split(/\s+/).map(Number);
  if (!low || !high) return ok(`not known: ${RANGE} can't be read`);
  const reserved = parseRanges((await systemFile(RESERVED)) ?? '');
  const isGivenAway = ({ first, last }: PortRange) =>
    first <= high &&
    last >= low &&
    !reserved.some((range) => range.first <= Math.max(first, low) && range.last >= last);
  const wanted = portsOf(config).filter(isGivenAway);
  const kernels = `programs that ask for any port get one of ${low}-${high}`;
  if (wanted.length === 0) return ok(`${kernels}, and none of ours`);
  const ours = wanted.map(formatRange).join(' and ');
  return warning(
    `${kernels}, and ${ours} overlaps that: they can be gone when a call needs them`,
    `choose others, or "sysctl -w net.ipv4.ip_local_reserved_ports=${portsOf(config).map(formatRange).join(',')}"`,
  );
}

function portsOf({ media, server }: Config): PortRange[] {
  const control = { first: server.port, last: server.port };
  return server.port === 0 ? [media.ports] : [control, media.ports];
}

function formatRange({ first, last }: PortRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

/** `9527,10000-16383`, as the kernel writes it. */
function parseRanges(text: string): PortRange[] {
  return text
    .trim()
    .split(',')
    .filter(Boolean)
    .map((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return { first, last };
    });
}
