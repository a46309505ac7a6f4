/** How long an ended UUID is remembered. */
const REMEMBER_NS = 60e9;

/** UUIDs of calls that have ended: their late packets and repeated BYEs are no news. */
export class Tombstones {
  readonly #endedAtNs = new Map<string, number>();

  add(uuid: string, nowNs: number): void {
    this.#endedAtNs.delete(uuid);
    this.#endedAtNs.set(uuid, nowNs);
  }

  has(uuid: string): boolean {
    return this.#endedAtNs.has(uuid);
  }

  /** Forgets what is old enough; insertion order is age. */
  sweep(nowNs: number): void {
    for (const [uuid, endedAtNs] of this.#endedAtNs) {
      if (nowNs - endedAtNs < REMEMBER_NS) return;
      this.#endedAtNs.delete(uuid);
    }
  }
}
