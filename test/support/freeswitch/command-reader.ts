/** A command of a client: its first line, and the headers below it. */
export interface Command {
  text: string;
  headers: Map<string, string>;
}

/** Cuts what a client sends into commands, as read_packet does: each ends with an empty line. */
export class CommandReader {
  #bytes = Buffer.alloc(0);

  push(bytes: Uint8Array): Command[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const commands: Command[] = [];
    for (;;) {
      const found = /\r?\n\r?\n/.exec(this.#bytes.toString('latin1'));
      if (!found) return commands;
      const [text = '', ...lines] = this.#bytes.toString('utf8', 0, found.index).split(/\r?\n/);
      const headers = new Map(
        lines.map((line) => {
          const [name = '', ...rest] = line.split(':');
          return [name.trim().toLowerCase(), rest.join(':').trim()];
        }),
      );
      const end = found.index + found[0].length + Number(headers.get('content-length') ?? 0);
      if (this.#bytes.length < end) return commands;
      this.#bytes = this.#bytes.subarray(end);
      commands.push({ text, headers });
    }
  }
}
