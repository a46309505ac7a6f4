/**
 * Datagrams of the control port on their way to one worker: gathered during one turn of the event
 * loop and handed over in one message. Entry: callId, arrivalNs, lagNs, offset, size.
 */
export class DataBatch {
  #bytes = new Uint8Array(16_384);
  #usedBytes = 0;
  #entries: number[] = [];

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  add(callId: number, arrivalNs: number, lagNs: number, datagram: Uint8Array): void {
    const needed = this.#usedBytes + datagram.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#usedBytes));
      this.#bytes = larger;
    }
    this.#bytes.set(datagram, this.#usedBytes);
    this.#entries.push(callId, arrivalNs, lagNs, this.#usedBytes, datagram.length);
    this.#usedBytes = needed;
  }

  /** What has gathered, in arrays of its own; the batch is empty then. */
  take(): { bytes: Uint8Array<ArrayBuffer>; entries: Float64Array<ArrayBuffer> } {
    const taken = {
      bytes: this.#bytes.slice(0, this.#usedBytes),
      entries: Float64Array.from(this.#entries),
    };
    this.#usedBytes = 0;
    this.#entries = [];
    return taken;
  }
}
