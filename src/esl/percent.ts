import { textOf } from './channel-reader.ts';
import type { EslEvent } from './event.ts';

/** What the module writes into its INV. */
const OF_THE_INV = ['Unique-ID', 'Channel-Name', 'Caller-Destination-Number'];

/** Why a channel is left alone, in words. */
export const PERCENT_REASON =
  'its channel name, dialled number or UUID has a percent sign, and FreeSWITCH crashes when the prebuilt mod_rst taps such a call; it is tapped with the module that comes with rst-server, where stop_command = true of this box says that its mod_rst is sound, or where that has answered +OK to another tap';

/** True where a tap may crash FreeSWITCH: the prebuilt module logs its INV as a format. */
export function hasPercent(event: EslEvent): boolean {
  return OF_THE_INV.some((header) => textOf(event, header).includes('%'));
}
