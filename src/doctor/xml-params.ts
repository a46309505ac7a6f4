/** The `<param name="…" value="…"/>` of a piece of FreeSWITCH's configuration; the last of a name counts. */
export function xmlParams(xml: string): Map<string, string> {
  const params = new Map<string, string>();
  for (const [tag] of xml.replace(/<!--[\s\S]*?-->/g, '').matchAll(/<param\s[^>]*>/g)) {
    const name = attribute(tag, 'name');
    if (name !== undefined) params.set(name, attribute(tag, 'value') ?? '');
  }
  return params;
}

function attribute(tag: string, name: string): string | undefined {
  const [, inDouble, inSingle] =
    new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag) ?? [];
  return inDouble ?? inSingle;
}
