/** At 20 ms a packet 82 seconds. It divides 2^32, so that the place of a number stays the same beyond the wrap. */
const SIZE = 4096;

/** Which of the last 4096 packet numbers have come: tells a second copy from one that comes too late. */
export class RecentSeqs {
  readonly #came = new Uint8Array(SIZE);

  /** True where `seq`, that lies `behind` the next number, is among them. */
  has(seq: number, behind: number): boolean {
    return behind <= SIZE && this.#came[seq % SIZE] === 1;
  }

  add(seq: number, behind: number): void {
    if (behind <= SIZE) this.#came[seq % SIZE] = 1;
  }

  /** `count` numbers from `seq` on have not come. */
  skip(seq: number, count: number): void {
    for (let i = Math.max(0, count - SIZE); i < count; i++) this.#came[(seq + i) % SIZE] = 0;
  }

  clear(): void {
    this.#came.fill(0);
  }
}
