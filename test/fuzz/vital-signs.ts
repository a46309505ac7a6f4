import { readdirSync, readFileSync } from 'node:fs';

/** What a running process holds. Linux only. */
export interface VitalSigns {
  descriptors: number;
  residentBytes: number;
}

export function vitalSigns(pid: number): VitalSigns {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    residentBytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024,
  };
}

/** The sockets of a UDP port of 127.0.0.1: several may share one. */
export interface UdpQueue {
  sockets: number;
  /** In the kernel, for the one where most waits. */
  waitingBytes: number;
  /** Dropped for want of room, by all of them. */
  drops: number;
}

/**
 * By port. The columns of /proc/net/udp:
 *
 *     sl local_address:port rem_address:port st tx_queue:rx_queue … inode ref pointer drops
 */
export function udpQueues(): Map<number, UdpQueue> {
  const queues = new Map<number, UdpQueue>();
  for (const line of readFileSync('/proc/net/udp', 'utf8').split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const [address, port] = (columns[1] ?? '').split(':');
    if (address !== '0100007F' || port === undefined) continue;
    const number = Number.parseInt(port, 16);
    const before = queues.get(number) ?? { sockets: 0, waitingBytes: 0, drops: 0 };
    const waitingBytes = Number.parseInt(columns[4]?.split(':')[1] ?? '0', 16);
    queues.set(number, {
      sockets: before.sockets + 1,
      waitingBytes: Math.max(before.waitingBytes, waitingBytes),
      drops: before.drops + Number(columns.at(-1)),
    });
  }
  return queues;
}
