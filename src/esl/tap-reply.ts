/**
 * What an answer to `uuid_rst` means. The prebuilt module prints nothing when it succeeds, which `api` shows
 * as `-ERR no reply`; FreeSWITCH says `Command not found!` of a UUID that is not there, of wrong arguments
 * and of a module that is not loaded alike.
 */
export type TapReply = 'accepted' | 'unknown' | 'running' | 'refused';

export function parseTapReply(text: string): TapReply {
  const line = text.trim();
  if (line === '' || line === '-ERR no reply' || line.startsWith('+OK')) return 'accepted';
  if (/^-ERR \S+ Command not found!/i.test(line) || /no such channel/i.test(line)) return 'unknown';
  return /already running/i.test(line) ? 'running' : 'refused';
}
