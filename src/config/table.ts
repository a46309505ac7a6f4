export type Table = Record<PropertyKey, unknown>;

/** True for what is written as a table, which a list is not. */
export function isTable(value: unknown): value is Table {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    // A TOML date is an object as well.
    !(value instanceof Date)
  );
}
