/** True for `local`, `UTC` and every zone of the IANA database that this Node knows. */
export function isTimeZone(text: string): boolean {
  if (text === 'local') return true;
  // Intl also takes offsets ("+08:00"), which know no daylight saving and are no zone names.
  if (!/^[a-z]/i.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
