/** Lets works that run side by side begin one after the other: each once the one before has begun, or has ended. */
export type Queue = <T>(work: (begun: () => void) => Promise<T>) => Promise<T>;

export function createQueue(): Queue {
  let last = Promise.resolve();
  return async (work) => {
    const before = last;
    let begun = (): void => undefined;
    last = new Promise((resolve) => {
      begun = resolve;
    });
    try {
      await before;
      return await work(begun);
    } finally {
      begun();
    }
  };
}
