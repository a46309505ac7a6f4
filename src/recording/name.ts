/** The longest name one part of a path may have, with room for `.NNN-R.wav.part` behind it. */
const MAX_NAME_BYTES = 220;

/**
 * A UUID as a file name: letters, digits, `-`, `_` and inner dots stay, every other byte becomes `%XX`,
 * so that whatever a caller's switch uses as UUID names one file inside the folder.
 */
export function escapeName(text: string): string {
  let name = '';
  for (const byte of new TextEncoder().encode(text)) {
    const char = String.fromCharCode(byte);
    const plain = /[A-Za-z0-9_-]/.test(char) || (char === '.' && name !== '');
    name += plain ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return name.slice(0, MAX_NAME_BYTES);
}

/** Making one loads the system's time zones, which takes longer than a call may wait for its ACK. */
const DATES = new Map<string, Intl.DateTimeFormat>();

/** `YYYY-MM-DD` of a time in the zone of `records.timezone` (`local`, `UTC` or an IANA name). */
export function dateOf(timeMs: number, timezone: string): string {
  let format = DATES.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      ...(timezone === 'local' ? {} : { timeZone: timezone }),
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    DATES.set(timezone, format);
  }
  return format.format(timeMs);
}

/** The name all files of a call's segment share: `<date>/<uuid>`, from the second segment on `<date>/<uuid>.2`. */
export function stemOf(date: string, uuid: string, segment: number): string {
  const name = escapeName(uuid);
  return segment === 1 ? `${date}/${name}` : `${date}/${name}.${segment}`;
}
