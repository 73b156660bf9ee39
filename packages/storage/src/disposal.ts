/** Things that are to be disposed of together, the last first: `AsyncDisposableStack`, which Node before 24 lacks. */
export interface Disposal extends AsyncDisposable {
  use<T extends AsyncDisposable>(thing: T): T;
  /** Everything in it, for another owner: it is empty then. */
  move(): Disposal;
}

export function createDisposal(initial: readonly AsyncDisposable[] = []): Disposal {
  const things = [...initial];
  return {
    use(thing) {
      things.push(thing);
      return thing;
    },
    move: () => createDisposal(things.splice(0)),
    async [Symbol.asyncDispose]() {
      const failures: unknown[] = [];
      for (const thing of things.splice(0).reverse()) {
        try {
          await thing[Symbol.asyncDispose]();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
