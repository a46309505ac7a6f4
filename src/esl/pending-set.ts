/** Something that is waited for. The first of its calls decides, the others do nothing. */
export interface Pending<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** What is waited for, each with a time limit, so that it can all be given up at once. */
export class PendingSet {
  readonly #rejects = new Set<(error: Error) => void>();

  /** After `timeoutMs` it is rejected with what `expired` returns, and that is asked only then. */
  open<T>(timeoutMs: number, expired: () => Error): Pending<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // Who has stopped waiting may leave it; that is no unhandled rejection.
    promise.catch(() => {});
    const settle = () => {
      clearTimeout(timer);
      this.#rejects.delete(rejectNow);
    };
    const rejectNow = (error: Error) => {
      settle();
      reject(error);
    };
    const timer = setTimeout(() => rejectNow(expired()), timeoutMs);
    this.#rejects.add(rejectNow);
    return {
      promise,
      resolve: (value) => {
        settle();
        resolve(value);
      },
      reject: rejectNow,
    };
  }

  rejectAll(error: Error): void {
    for (const reject of this.#rejects) reject(error);
  }
}
