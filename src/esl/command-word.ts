/**
 * True for a UUID that may stand in a command. A UUID is whatever `origination_uuid` was: a space would
 * begin another argument, quotes and backslashes are read by FreeSWITCH, and a colon is not of the wire.
 */
export function isCommandWord(uuid: string): boolean {
  return /^[!-~]{1,128}$/.test(uuid) && !/["'\\:]/.test(uuid);
}
