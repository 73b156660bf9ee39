/** Does work of one key one after the other. */
export type Alone = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createAlone(): Alone {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key);
    const running = (async () => {
      // How the one before ended is told to whoever asked for it.
      await before?.catch(() => {});
      return work();
    })();
    last.set(key, running);
    try {
      return await running;
    } finally {
      if (last.get(key) === running) last.delete(key);
    }
  };
}
