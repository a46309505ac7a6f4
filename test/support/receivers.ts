import { BatchedReceiver } from '../../src/capture/batched-receiver.ts';
import { chooseReceiver } from '../../src/capture/choose-receiver.ts';
import { DgramReceiver } from '../../src/capture/dgram-receiver.ts';
import type { Receiver } from '../../src/capture/receiver.ts';

type Open = (now: () => number) => Receiver;

const { name } = await chooseReceiver('auto', () => performance.now() * 1e6);

/** All that work on this machine. */
export const RECEIVERS: Partial<Record<'dgram' | 'batched', Open>> = {
  dgram: (now) => new DgramReceiver(now),
  ...(name === 'batched' && { batched: (now: () => number) => new BatchedReceiver(now) }),
};

export const RECEIVER_NAMES = Object.keys(RECEIVERS) as (keyof typeof RECEIVERS)[];
