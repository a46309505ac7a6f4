const FIELDS = ['date', 'time', 'uuid', 'caller', 'callee', 'box', 'node', 'direction'];

/** True for a template of `records.name`: parts between slashes, of plain characters and known fields, none of them hidden or leading out of the folder. */
export function isNameTemplate(text: string): boolean {
  return text.split('/').every((part) => {
    const plain = part.replace(/\{(\w+)\}/g, (whole, field) =>
      FIELDS.includes(field) ? 'f' : whole,
    );
    return /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(plain);
  });
}
