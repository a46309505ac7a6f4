/** A `*` and a `?` among the code points of a pattern, none of which is negative. */
const ANY = -1;
const ONE = -2;

interface Pattern {
  text: string;
  glob: readonly number[];
}

export interface PatternOptions {
  /** Default: false. */
  ignoreCase?: boolean;
}

/** `by`: the patterns that made it so, as they were written. */
export type PatternVerdict =
  | { kind: 'matched'; by: readonly string[] }
  | { kind: 'excluded'; by: readonly string[] }
  | { kind: 'missed'; by: readonly string[] };

/**
 * A list of patterns: `*` stands for any characters, `?` for any single one (a code point), a `\` takes
 * the meaning of the character behind it away, and a `!` at the beginning negates.
 */
export class PatternList {
  readonly #positive: Pattern[] = [];
  readonly #negated: Pattern[] = [];
  readonly #ignoreCase: boolean;

  constructor(texts: readonly string[], { ignoreCase = false }: PatternOptions = {}) {
    this.#ignoreCase = ignoreCase;
    for (const text of texts) {
      const isNegated = text.startsWith('!');
      const glob = toGlob(isNegated ? text.slice(1) : text, ignoreCase);
      (isNegated ? this.#negated : this.#positive).push({ text, glob });
    }
  }

  /**
   * Whether a value matches of which `spellings` are the ways to write it: some pattern does, or there
   * are only negated ones, and no negated one does. Takes time in proportion to the value's length.
   */
  judge(...spellings: readonly string[]): PatternVerdict {
    const points = spellings.map((spelling) => toPoints(spelling, this.#ignoreCase));
    const isMatch = ({ glob }: Pattern) => points.some((text) => matchesGlob(glob, text));
    const excluded = this.#negated.find(isMatch);
    if (excluded) return { kind: 'excluded', by: [excluded.text] };
    if (this.#positive.length === 0)
      return { kind: 'matched', by: this.#negated.map(({ text }) => text) };
    const matched = this.#positive.find(isMatch);
    return matched
      ? { kind: 'matched', by: [matched.text] }
      : { kind: 'missed', by: this.#positive.map(({ text }) => text) };
  }
}

function toGlob(text: string, ignoreCase: boolean): number[] {
  const glob: number[] = [];
  let isEscaped = false;
  for (const point of toPoints(text, ignoreCase)) {
    const char = String.fromCodePoint(point);
    if (!isEscaped && char === '\\') {
      isEscaped = true;
      continue;
    }
    // Several stars in a row are one.
    if (!isEscaped && char === '*') {
      if (glob.at(-1) !== ANY) glob.push(ANY);
    } else {
      glob.push(!isEscaped && char === '?' ? ONE : point);
    }
    isEscaped = false;
  }
  // At the end it has nothing to take a meaning from but itself.
  if (isEscaped) glob.push('\\'.codePointAt(0) as number);
  return glob;
}

function toPoints(text: string, ignoreCase: boolean): number[] {
  return Array.from(text, (char) => (ignoreCase ? lower(char) : char).codePointAt(0) as number);
}

/** The small letter, unless that is more than one character: `?` must go on to stand for one. */
function lower(char: string): string {
  const small = char.toLowerCase();
  return small.length <= char.length ? small : char;
}

/**
 * Goes back to the last star only, since what an earlier one could take instead the later one can as
 * well. So each character is looked at no more often than the pattern is long.
 */
function matchesGlob(glob: readonly number[], text: readonly number[]): boolean {
  let atGlob = 0;
  let atText = 0;
  let lastStar = -1;
  let starEnd = 0;
  while (atText < text.length) {
    if (glob[atGlob] === ANY) {
      lastStar = atGlob++;
      starEnd = atText;
    } else if (glob[atGlob] === ONE || glob[atGlob] === text[atText]) {
      atGlob++;
      atText++;
    } else if (lastStar >= 0) {
      atGlob = lastStar + 1;
      atText = ++starEnd;
    } else {
      return false;
    }
  }
  return atGlob === glob.length || (glob[atGlob] === ANY && atGlob + 1 === glob.length);
}
