import type { Manifest } from '../../src/archive/index.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { checkCall } from './check-call.ts';
import { type CheckedSegment, checkSegment } from './check-segment.ts';
import type { SentCall } from './steady-taps.ts';

/** Waits for the end of a call, and throws where its one segment has not all that was sent, at its place. */
export async function checkWhole(
  daemon: DaemonProcess,
  sent: SentCall,
  endReason = 'bye',
): Promise<CheckedSegment> {
  await daemon.ended(sent.uuid);
  const manifest: Manifest = await daemon.manifest(sent.uuid);
  const segment = await checkSegment(daemon.records, manifest, sent.call);
  checkCall([segment], sent, { outages: [], lostMs: 0, endReason });
  return segment;
}
