interface Waiter {
  isDone: () => boolean;
  what: string;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Waits for what somebody else does: each condition is asked again whenever something has happened. */
export class Waiting {
  readonly #waiters = new Set<Waiter>();

  /** To be called after everything that a condition may ask about. */
  happened(): void {
    for (const waiter of this.#waiters)
      if (waiter.isDone()) {
        this.#waiters.delete(waiter);
        waiter.resolve();
      }
  }

  /** Resolves as soon as `isDone` says so; rejects, with `what` in the message, where all ends before. */
  until(isDone: () => boolean, what: string): Promise<void> {
    if (isDone()) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Who waits and fails of something else must not fail of this as well.
    promise.catch(() => {});
    this.#waiters.add({ isDone, what, resolve, reject });
    return promise;
  }

  close(): void {
    for (const { what, reject } of this.#waiters)
      reject(new Error(`The fake FreeSWITCH was closed before ${what}.`));
    this.#waiters.clear();
  }
}
