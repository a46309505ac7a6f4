/**
 * The candidate that `word` was most likely meant to be, or `undefined` where none is near: at most a
 * third of its characters wrong. A word that is a candidate's last part (`ports` of `media.ports`)
 * counts as near as well.
 */
export function nearest<Candidate extends string>(
  word: string,
  candidates: Iterable<Candidate>,
): Candidate | undefined {
  let best: Candidate | undefined;
  let bestScore = 1 / 3;
  const lastPart = word.slice(word.lastIndexOf('.') + 1);
  for (const candidate of candidates) {
    const candidateLastPart = candidate.slice(candidate.lastIndexOf('.') + 1);
    const whole = editDistance(word, candidate) / candidate.length;
    // The right key in the wrong table: a guess that anything nearer as a whole beats.
    const part = lastPart === candidateLastPart ? 0.3 : 1;
    const score = Math.min(whole, part);
    if (score <= bestScore && (best === undefined || score < bestScore)) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        distance = Math.min(distance, beforeLast[j - 2]! + 1);
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
