/** Runs `work` for all of them, at most `limit` at a time. Rejects with the first failure; none is begun after it. */
export async function each<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failed = false;
  const worker = async () => {
    for (let item = rest.next(); !item.done && !failed; item = rest.next())
      try {
        await work(item.value);
      } catch (error) {
        failed = true;
        throw error;
      }
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
