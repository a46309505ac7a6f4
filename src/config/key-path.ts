/** The dotted text of a key's path as one would write it in TOML: a part that is not bare is quoted. */
export function formatKeyPath(parts: readonly PropertyKey[]): string {
  return parts
    .map(String)
    .map((part) => (/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part)))
    .join('.');
}
