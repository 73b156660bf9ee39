/** The right to use something that others use too, until it is disposed of. */
export interface Lease<T> extends Disposable {
  readonly value: T;
}

/** Things that are costly to make and are shared by all who ask with the same key. */
export interface Pool<T> {
  lease(key: string, make: () => Promise<T>): Promise<Lease<T>>;
}

interface Entry<T> {
  readonly value: Promise<T>;
  users: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * @param idle how long, in milliseconds, a thing that nobody uses is kept for the next. That keeps no process alive.
 */
export function createPool<T>(idle: number, close: (value: T) => void): Pool<T> {
  const entries = new Map<string, Entry<T>>();

  function release(key: string, entry: Entry<T>, value: T): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    entry.timer = setTimeout(() => {
      entries.delete(key);
      close(value);
    }, idle);
    entry.timer.unref?.();
  }

  return {
    async lease(key, make) {
      let entry = entries.get(key);
      if (entry === undefined) {
        entry = { value: make(), users: 0, timer: undefined };
        entries.set(key, entry);
      }
      const mine = entry;
      clearTimeout(mine.timer);
      mine.users += 1;
      let value: T;
      try {
        value = await mine.value;
      } catch (error) {
        // What could not be made is tried anew by the next.
        if (entries.get(key) === mine) entries.delete(key);
        throw error;
      }
      let released = false;
      return {
        value,
        [Symbol.dispose]() {
          if (released) return;
          released = true;
          release(key, mine, value);
        },
      };
    },
  };
}
