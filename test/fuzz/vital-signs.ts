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

/** What waits in the kernel for a UDP port of 127.0.0.1, and what was dropped there for want of room. */
export interface UdpQueue {
  waitingBytes: number;
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
    queues.set(Number.parseInt(port, 16), {
      waitingBytes: Number.parseInt(columns[4]?.split(':')[1] ?? '0', 16),
      drops: Number(columns.at(-1)),
    });
  }
  return queues;
}
