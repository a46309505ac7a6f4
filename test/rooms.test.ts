import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, test } from 'node:test';

const SRC = join(import.meta.dirname, '../src');
const MAX_LINES = 400;

/**
 * Folders of src/ are rooms, and so is each file beside them. A room may import from those named here
 * and from no other.
 */
const DOORS: Record<string, readonly string[]> = {
  errors: [],
  log: [],
  folders: ['recording', 'config', 'log', 'errors'],
  'package-version': ['errors'],
  protocol: ['errors'],
  audio: ['errors'],
  config: ['errors'],
  recording: ['audio', 'errors'],
  capture: ['protocol', 'audio', 'recording', 'errors'],
  call: ['capture', 'recording', 'protocol', 'log', 'errors'],
  esl: ['call', 'protocol', 'config', 'log', 'errors'],
  archive: ['recording', 'log', 'errors'],
  send: ['protocol', 'audio', 'errors'],
  service: ['config', 'capture', 'log', 'errors'],
  http: ['call', 'esl', 'service', 'protocol', 'log', 'errors'],
  doctor: ['service', 'config', 'esl', 'capture', 'protocol', 'errors'],
  cli: [
    ...['send', 'config', 'esl', 'http', 'doctor', 'daemon', 'archive', 'recording', 'capture'],
    ...['service', 'package-version', 'log', 'errors'],
  ],
};
/** Files of src/ itself that compose the rooms. */
const COMPOSERS = ['backend', 'daemon', 'filing', 'index'];
/** Rooms that are wanted for their types only. */
const TYPES_ONLY: Record<string, readonly string[]> = {
  call: ['log'],
  folders: ['log', 'config', 'recording'],
  esl: ['log'],
  archive: ['log'],
  service: ['log'],
  http: ['log', 'call', 'esl', 'service'],
  cli: ['http'],
};

interface Import {
  from: string;
  to: string;
  typesOnly: boolean;
}

const FILES = globSync('**/*.ts', { cwd: SRC })
  .map((path) => path.replaceAll('\\', '/'))
  .sort();

/** `import … from`, `export … from`, `import 'x'` and `import('x')`, without what stands in comments. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  const statement =
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'";]*?\bfrom\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|\bnew URL\(\s*['"](\.[^'"]+)['"]/g;
  return [...text.matchAll(statement)].flatMap(([, type, named, bare, dynamic, url]) => {
    const target = named ?? bare ?? dynamic ?? url ?? '';
    if (!target.startsWith('.')) return [];
    const to = relative(SRC, resolve(SRC, dirname(file), target)).replaceAll('\\', '/');
    return [{ from: file, to, typesOnly: type !== undefined }];
  });
}

const IMPORTS = FILES.flatMap(importsOf);

function roomOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] as string) : file.replace(/\.ts$/, '');
}

const ACROSS = IMPORTS.filter(({ from, to }) => roomOf(from) !== roomOf(to));

describe('the rooms of src/', () => {
  test('are all in the table of doors', () => {
    const rooms = new Set(FILES.map(roomOf));
    for (const room of rooms) assert.ok(room in DOORS || COMPOSERS.includes(room), room);
    for (const room of Object.keys(DOORS)) assert.ok(rooms.has(room), `there is no ${room}`);
  });

  test('import nothing but files that exist within src/', () => {
    assert.ok(IMPORTS.length > 100, `only ${IMPORTS.length} imports were found`);
    const wrong = IMPORTS.filter(({ to }) => to.endsWith('.ts') && !FILES.includes(to));
    assert.deepEqual(wrong, []);
  });

  test('are entered through their index.ts only', () => {
    const wrong = ACROSS.filter(({ to }) => to.includes('/') && !/^[^/]+\/index\.ts$/.test(to));
    assert.deepEqual(wrong, []);
  });

  test('have no door that the table does not name', () => {
    const wrong = ACROSS.filter(({ from, to }) => {
      const room = roomOf(from);
      return !COMPOSERS.includes(room) && !DOORS[room]?.includes(roomOf(to));
    });
    assert.deepEqual(wrong, []);
  });

  test('use some others for their types only', () => {
    const wrong = ACROSS.filter(
      ({ from, to, typesOnly }) => TYPES_ONLY[roomOf(from)]?.includes(roomOf(to)) && !typesOnly,
    );
    assert.deepEqual(wrong, []);
  });

  test('are never imported in a circle, file by file', () => {
    const targets = new Map<string, string[]>();
    for (const { from, to } of IMPORTS) targets.set(from, [...(targets.get(from) ?? []), to]);
    const done = new Set<string>();
    const visit = (file: string, path: string[]): void => {
      const seenAt = path.indexOf(file);
      if (seenAt >= 0) assert.fail(`a circle: ${[...path.slice(seenAt), file].join(' → ')}`);
      if (done.has(file)) return;
      for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of FILES) visit(file, []);
    assert.equal(done.size >= FILES.length, true);
  });

  test(`have no file of more than ${MAX_LINES} lines`, () => {
    const long = FILES.map((file) => {
      const lines = readFileSync(join(SRC, file), 'utf8').trimEnd().split('\n').length;
      return `${file}: ${lines}`;
    }).filter((line) => Number(line.split(': ')[1]) > MAX_LINES);
    assert.deepEqual(long, []);
  });
});
