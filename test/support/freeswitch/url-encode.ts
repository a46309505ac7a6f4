/** SWITCH_URL_UNSAFE of switch_utils.h, and what is not printable ASCII. */
const UNSAFE = /[^ -~]|[ #%&+:;<=>?@[\\\]^`{|}"]/g;
const IS_ENCODED = /^%[0-9A-F]{2}/;

/**
 * switch_url_encode: what already looks like `%` and two digits (capital letters) stays as it is, so a
 * caller who names himself `a%00b` gives a NUL to whoever decodes.
 */
export function urlEncode(bytes: string): string {
  return bytes.replace(UNSAFE, (character, index: number) => {
    if (character === '%' && IS_ENCODED.test(bytes.slice(index, index + 3))) return '%';
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
