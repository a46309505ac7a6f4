import { stringify } from 'smol-toml';
import { RstError } from '../errors.ts';
import { type ConfigKey, KEYS } from './keys.ts';
import { judgeMediaPorts } from './media-ports.ts';
import { type PortRange, parsePortRange } from './port-range.ts';

/**
 * What became of one line of the upstream server's file. `warning`: taken over, and yet something to
 * know. `not-understood` lines have changed nothing.
 */
export interface ImportNote {
  kind: 'taken' | 'no-counterpart' | 'not-understood' | 'warning';
  /** Of the upstream file, from 1; null where the note is about no single line. */
  line: number | null;
  text: string;
}

export interface ImportedConfig {
  /** A file for `--config`: every value in it has passed the schema. */
  toml: string;
  notes: ImportNote[];
}

/** One `key=value` of the upstream file. */
interface Entry {
  key: string;
  value: string;
  line: number;
}

/** Parts of `save_rule`, and of `records.name`, by the same names. */
const NAME_PARTS: ReadonlySet<string> = new Set(['caller', 'callee', 'uuid', 'date', 'time']);

/**
 * Turns the upstream Go server's `udp_server.conf` into a configuration of ours:
 *
 *     save_dir=/opt/nway/                    records.dir
 *     udp_port=0.0.0.0:9527                  server.host, server.port
 *     save_rule=caller_callee_uuid.pcm       records.name, records.formats
 *     write_hex=true                         records.hex
 *     start_port=10000, end_port=20000       media.ports
 *     cdr_dir=/opt/nway/cdr                  (none)
 *
 * @throws RstError RST_CONFIG where not one line is of that file
 */
export function importUpstreamConfig(text: string): ImportedConfig {
  return new Import(text).run();
}

class Import {
  readonly #notes: ImportNote[] = [];
  readonly #values = new Map<ConfigKey, unknown>();
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor(text: string) {
    this.#entries = this.#read(text);
  }

  run(): ImportedConfig {
    if (this.#entries.size === 0)
      throw new RstError(
        'RST_CONFIG',
        `no line of it is a setting of udp_server.conf; those are ${[...TAKERS.keys()].join(', ')}.`,
      );
    for (const [key, take] of TAKERS) {
      const entry = this.#entries.get(key);
      if (entry) take(this, entry);
    }
    this.#ports();
    this.#note(
      'warning',
      null,
      'server.allow: the upstream server takes datagrams from anyone, rst-server from this machine only; where FreeSWITCH runs on another one, add its address there',
    );
    return { toml: this.#format(), notes: this.#notes.sort(byLine) };
  }

  dir(entry: Entry): void {
    if (this.#take(entry, 'records.dir', entry.value)) this.#taken(entry, ['records.dir']);
  }

  noCdr({ line }: Entry): void {
    const dir = this.#values.get('records.dir') ?? KEYS.get('records.dir')?.fallback;
    const place = String(dir).replace(/\/+$/, '');
    this.#note(
      'no-counterpart',
      line,
      `cdr_dir has no counterpart: the CDR is always in the folder cdr of records.dir, ${shown(`${place}/cdr`)}`,
    );
  }

  /** `HOST:PORT`, `:PORT` or `PORT`; Go writes IPv6 in brackets. */
  address(entry: Entry): void {
    const [, bracketed, plain, digits] =
      /^(?:\[([^\]]*)\]:|([^:]*):)?(\d{1,5})$/.exec(entry.value) ?? [];
    const host = bracketed ?? plain;
    const port = Number(digits);
    if (digits === undefined || !fits('server.port', port) || (host && !fits('server.host', host)))
      return this.#notUnderstood(entry, 'it takes HOST:PORT, such as 0.0.0.0:9527');
    this.#values.set('server.host', host || '0.0.0.0');
    this.#values.set('server.port', port);
    this.#taken(entry, ['server.host', 'server.port']);
  }

  /** `caller_callee_uuid.pcm` */
  rule(entry: Entry): void {
    const [, rule = '', ending] = /^(.*?)(?:\.([^.]*))?$/s.exec(entry.value) ?? [];
    const parts = rule.split('_').map((part) => part.trim().toLowerCase());
    const unknown = parts.filter((part) => !NAME_PARTS.has(part));
    if (unknown.length > 0)
      return this.#notUnderstood(
        entry,
        `the parts of it that are known are ${[...NAME_PARTS].join(', ')}, joined by "_"`,
      );
    const format = ending?.toLowerCase();
    if (format !== 'pcm' && format !== 'wav')
      return this.#notUnderstood(entry, 'it ends in .pcm or .wav');
    this.#values.set('records.name', parts.map((part) => `{${part}}`).join('_'));
    this.#values.set('records.formats', [format]);
    this.#taken(entry, ['records.name', 'records.formats']);
    if (format === 'pcm')
      this.#note(
        'warning',
        entry.line,
        'records.formats: .pcm of the upstream server holds the payloads as they came (G.711 is one byte a sample there), "pcm" here 16-bit little-endian samples; "raw" is the format that holds payloads as they came (.ulaw, .alaw, …)',
      );
    if (!parts.includes('uuid'))
      this.#note(
        'warning',
        entry.line,
        'records.name: without {uuid} calls share a name; the further ones get .2, .3 and so on behind it',
      );
  }

  hex(entry: Entry): void {
    const value = SWITCHES.get(entry.value.toLowerCase());
    if (value === undefined) return this.#notUnderstood(entry, 'it takes true or false');
    this.#values.set('records.hex', value);
    this.#taken(entry, ['records.hex']);
  }

  /** Two lines make one key, which has to leave out the control port. */
  #ports(): void {
    const [start, end] = [this.#entries.get('start_port'), this.#entries.get('end_port')];
    let range = DEFAULT_PORTS;
    if (start && end) {
      const text = `${start.value}-${end.value}`;
      if (fits('media.ports', text)) {
        range = parsePortRange(text);
        this.#values.set('media.ports', formatRange(range));
        for (const entry of [start, end]) this.#taken(entry, ['media.ports']);
      } else {
        const why = `start_port and end_port make no range: ${KEYS.get('media.ports')?.takes}`;
        for (const entry of [start, end]) this.#notUnderstood(entry, why);
      }
    } else {
      const alone = start ?? end;
      if (alone)
        this.#notUnderstood(
          alone,
          `${start ? 'end_port' : 'start_port'} is missing, and a range takes both`,
        );
    }
    this.#leaveOutControlPort(range, end?.line ?? start?.line ?? null);
  }

  #leaveOutControlPort(range: PortRange, line: number | null): void {
    const port = Number(this.#values.get('server.port') ?? KEYS.get('server.port')?.fallback);
    let kept = range;
    if (judgeMediaPorts(range, port).kind === 'refused') {
      kept = largerSide(range, port) ?? (largerSide(DEFAULT_PORTS, port) as PortRange);
      const text = formatRange(kept);
      this.#values.set('media.ports', text);
      this.#note(
        'warning',
        line ?? this.#entries.get('udp_port')?.line ?? null,
        `media.ports = ${shown(text)}: the range ${formatRange(range)} contains the control port ${port}, which it may not; this is what can be used instead`,
      );
    }
    const verdict = judgeMediaPorts(kept, port);
    if (verdict.kind === 'doubtful')
      this.#note('warning', line, `media.ports: kept, but ${verdict.text}`);
  }

  #take(entry: Entry, key: ConfigKey, value: unknown): boolean {
    if (fits(key, value)) {
      this.#values.set(key, value);
      return true;
    }
    this.#notUnderstood(entry, `${key} takes ${KEYS.get(key)?.takes}`);
    return false;
  }

  /** Lines by key. What is no line of that file is noted; of a key that comes twice the last counts. */
  #read(text: string): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const lines = text
      .toWellFormed()
      .replace(/^\uFEFF/, '')
      .split(/\r\n|\n|\r/);
    for (const [index, raw] of lines.entries()) {
      const line = index + 1;
      const trimmed = raw.trim();
      if (trimmed === '' || trimmed.startsWith('#')) continue;
      const equals = trimmed.indexOf('=');
      const key = trimmed.slice(0, Math.max(equals, 0)).trimEnd();
      const entry = { key, value: trimmed.slice(equals + 1).trimStart(), line };
      if (!TAKERS.has(key)) {
        const why =
          equals < 0 ? 'a line is key=value, or begins with #' : 'no such setting is known';
        this.#note('not-understood', line, `not understood, left out: ${shown(trimmed)}: ${why}`);
      } else if (entry.value.includes('\uFFFD')) {
        this.#notUnderstood(entry, 'it is not UTF-8 text; save the file as UTF-8');
      } else {
        const before = entries.get(key);
        if (before)
          this.#note('warning', line, `${key} stands on line ${before.line} too; this line counts`);
        entries.delete(key);
        entries.set(key, entry);
      }
    }
    return entries;
  }

  #taken({ key, value, line }: Entry, keys: readonly ConfigKey[]): void {
    const pairs = keys.map((ours) => `${ours} = ${JSON.stringify(this.#values.get(ours))}`);
    this.#note('taken', line, `${key}=${shown(value)} becomes ${pairs.join(', ')}`);
  }

  #notUnderstood({ key, value, line }: Entry, why: string): void {
    this.#note('not-understood', line, `not understood, left out: ${key}=${shown(value)}: ${why}`);
  }

  #note(kind: ImportNote['kind'], line: number | null, text: string): void {
    this.#notes.push({ kind, line, text });
  }

  #format(): string {
    const sections = new Map<string, string[]>();
    for (const key of KEYS.keys()) {
      const value = this.#values.get(key);
      if (value === undefined) continue;
      const [section, name] = key.split('.') as [string, string];
      const lines = sections.get(section) ?? [];
      lines.push(stringify({ [name]: value }).trim());
      sections.set(section, lines);
    }
    const tables = [...sections].map(([section, lines]) => `\n[${section}]\n${lines.join('\n')}\n`);
    return `${HEAD}${tables.join('')}`;
  }
}

const DEFAULT_PORTS = parsePortRange(String(KEYS.get('media.ports')?.fallback));

const HEAD = `# Taken over from a udp_server.conf. What is left out has its default; the rst-server.toml that
# comes with rst-server lists every key. Where FreeSWITCH is another machine, its address goes
# into server.allow.
`;

type Taker = (to: Import, entry: Entry) => void;

/** The keys of the upstream file. The two port lines are looked at together, behind the others. */
const TAKERS: ReadonlyMap<string, Taker> = new Map<string, Taker>([
  ['save_dir', (to, entry) => to.dir(entry)],
  ['udp_port', (to, entry) => to.address(entry)],
  ['save_rule', (to, entry) => to.rule(entry)],
  ['cdr_dir', (to, entry) => to.noCdr(entry)],
  ['write_hex', (to, entry) => to.hex(entry)],
  ['start_port', () => {}],
  ['end_port', () => {}],
]);

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

function fits(key: ConfigKey, value: unknown): boolean {
  return KEYS.get(key)?.safeParse(value).success === true;
}

/** What is left of a range on the longer side of `port`; the whole where that is not in it, null where no two ports are left. */
function largerSide({ first, last }: PortRange, port: number): PortRange | null {
  if (port < first || port > last) return { first, last };
  const side = last - port >= port - first ? { first: port + 1, last } : { first, last: port - 1 };
  return side.last > side.first ? side : null;
}

function formatRange({ first, last }: PortRange): string {
  return `${first}-${last}`;
}

function byLine(a: ImportNote, b: ImportNote): number {
  return (a.line ?? Number.POSITIVE_INFINITY) - (b.line ?? Number.POSITIVE_INFINITY) || 0;
}

/** Short enough for a line, and without what could break one. */
function shown(text: string): string {
  const quoted = JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
  return quoted.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (code) => `\\u${code.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const MAX_SHOWN = 80;
