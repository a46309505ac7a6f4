/** What a person may write, for messages. */
export const VARIABLE_FORM = 'the name of a channel variable without spaces, such as "sip_call_id"';

/** True for a name that FreeSWITCH can have in a header of its events. */
export function isVariableName(text: string): boolean {
  return /^[^\s:,=\p{Cc}]{1,128}$/u.test(text);
}

/** Events call the variable `x` `variable_x`; both names are understood, this is the first. */
export function plainVariableName(text: string): string {
  return text.replace(/^variable_(?=.)/, '');
}
