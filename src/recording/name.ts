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

/** `HHMMSS` of a time in the zone of `records.timezone`. */
function timeOf(timeMs: number, timezone: string): string {
  const options = timezone === 'local' ? {} : { timeZone: timezone };
  return new Date(timeMs).toLocaleTimeString('en-GB', options).replaceAll(':', '');
}

/** What the fields of `records.name` say of a call. */
export interface NamedCall {
  uuid: string;
  caller: string;
  callee: string;
  startedAtMs: number;
  box: string;
  node: string;
  direction: string;
}

/**
 * The path of a call's files below the recordings folder, without leg and ending, from a template like
 * `{date}/{uuid}`. Whatever the fields hold, it names one file inside the folder.
 */
export function expandName(template: string, call: NamedCall, timezone: string): string {
  return template
    .split('/')
    .map((part) => part.replace(/\{(\w+)\}/g, (_, field: string) => escapeName(fieldOf(field))))
    .map((part) => part.slice(0, MAX_NAME_BYTES) || '_')
    .join('/');

  function fieldOf(field: string): string {
    switch (field) {
      case 'date':
        return dateOf(call.startedAtMs, timezone);
      case 'time':
        return timeOf(call.startedAtMs, timezone);
      case 'uuid':
      case 'caller':
      case 'callee':
      case 'box':
      case 'node':
      case 'direction':
        return call[field];
      default:
        return field;
    }
  }
}

/** The name all files of a call's segment share: that of the call, from the second segment on with `.2` and so on. */
export function stemOf(name: string, segment: number): string {
  return segment === 1 ? name : `${name}.${segment}`;
}
