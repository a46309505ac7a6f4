import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Code that receives what calls send. It is in src/capture, which nobody reaches by another way. */
const OPENS = /\bnew (?:WorkerPool|Daemon|DgramReceiver|BatchedReceiver)\(|\bchooseReceiver\(/;
const CAPTURE = 'src/capture/';
/** A process of its own that receives: `rst-server start`, or the demo. */
const SPAWNS = 'node:child_process';
const STARTS = /['"]start['"]|\bbin\/demo\.ts\b/;

/** Whoever imports this chooses its receivers itself. */
const ALL_RECEIVERS = 'test/support/receivers.ts';
/** Whoever opens receivers in its own process, and does not choose them, has to ask this. */
const WANTED_RECEIVER = 'test/support/wanted-receiver.ts';
/** Tests that start something, and that no other receiver changes anything for. */
const EXCEPTIONS = [
  // What they start ends before it opens a port.
  'test/cli/check-config.test.ts',
  'test/cli/node-version.test.ts',
  // It asks a daemon what it is, and sends it nothing.
  'test/cli/doctor.test.ts',
  // It keeps all settings of its surroundings from the package that it installs.
  'test/package.test.ts',
];

/** Imports for types only are none when it runs. */
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(?!type\s)[^'";]*?\bfrom\s*['"](\.[^'"]+)['"]|(?:^|\n)\s*import\s*['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)|\bnew URL\(\s*['"](\.[^'"]+\.ts)['"]/g;

interface Source {
  text: string;
  imports: string[];
}

/** The sources of the tests, and what they import. */
export class ReceiverTests {
  readonly #sources = new Map<string, Source>();

  /** The test files that open a receiver they have not chosen themselves, here or in a daemon that they start. */
  names(): string[] {
    const tests = filesOf('test/**/*.test.ts');
    const gone = EXCEPTIONS.filter((name) => !tests.includes(name));
    if (gone.length > 0) throw new Error(`there is no ${gone.join(', ')}: take it off the list`);
    return tests.filter(
      (name) =>
        !EXCEPTIONS.includes(name) &&
        !this.#read(name).imports.includes(ALL_RECEIVERS) &&
        this.#opensReceiver(name),
    );
  }

  /** Files of test/ that open receivers in their own process and pass over which one is wanted. */
  heedless(): string[] {
    return filesOf('test/**/*.ts').filter((name) => {
      const { text, imports } = this.#read(name);
      const asks = imports.includes(WANTED_RECEIVER) || imports.includes(ALL_RECEIVERS);
      return OPENS.test(text) && !asks && name !== ALL_RECEIVERS;
    });
  }

  #opensReceiver(name: string): boolean {
    const reached = this.#reach(name);
    const ofTests = reached.filter((file) => file.startsWith('test/'));
    const spawns = ofTests.some((file) => this.#read(file).text.includes(SPAWNS));
    return (
      reached.some((file) => !file.startsWith(CAPTURE) && OPENS.test(this.#read(file).text)) ||
      (spawns && ofTests.some((file) => STARTS.test(this.#read(file).text)))
    );
  }

  /** The file, and all that it imports and these import. */
  #reach(name: string): string[] {
    const reached = new Set([name]);
    for (const file of reached) for (const next of this.#read(file).imports) reached.add(next);
    return [...reached];
  }

  #read(file: string): Source {
    const known = this.#sources.get(file);
    if (known) return known;
    const text = readFileSync(join(ROOT, file), 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/^\s*\/\/.*$/gm, '');
    const imports = [...text.matchAll(IMPORT)].map((found) => {
      const target = found.slice(1).find((path) => path !== undefined) as string;
      return relative(ROOT, resolve(ROOT, dirname(file), target)).replaceAll('\\', '/');
    });
    const source = { text, imports };
    this.#sources.set(file, source);
    return source;
  }
}

function filesOf(pattern: string): string[] {
  return globSync(pattern, { cwd: ROOT })
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}
