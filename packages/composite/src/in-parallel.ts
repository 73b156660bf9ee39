/** How many sources are opened, or manifests read, at the same time. */
const lanes = 6;

/**
 * What `work` makes of each item, in their order. Once one fails no other is begun, those that run are waited for, and the first failure
 * is thrown.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<number, Result>();
  let next = 0;
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length && failures.length === 0; at = next++) {
      try {
        results.set(at, await work(items[at] as Item));
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return [...results.entries()].sort(([a], [b]) => a - b).map(([, result]) => result);
}
