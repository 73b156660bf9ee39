import type { Interrupt } from "./interrupt.ts";

/** A limited number of places at which work is done. */
export interface Seats {
  /** Waits until one is free; the lowest number is given first. To be left by `leave`. */
  take(interrupt: Interrupt): Promise<Seat>;
  /** One that is free now. */
  takeFree(): Seat | undefined;
}

export interface Seat extends Disposable {
  readonly number: number;
}

export function createSeats(count: () => number): Seats {
  const taken = new Set<number>();
  const waiting: (() => void)[] = [];

  function lowestFree(): number | undefined {
    for (let number = 0; number < Math.max(1, count()); number++) if (!taken.has(number)) return number;
    return undefined;
  }
  function sit(number: number): Seat {
    taken.add(number);
    return {
      number,
      [Symbol.dispose]() {
        if (taken.delete(number)) waiting.shift()?.();
      },
    };
  }
  async function take(interrupt: Interrupt): Promise<Seat> {
    for (;;) {
      interrupt.throwIfAborted();
      const number = lowestFree();
      if (number !== undefined) return sit(number);
      const { promise, wake } = sleep();
      waiting.push(wake);
      try {
        await interrupt.race(promise);
      } catch (error) {
        const index = waiting.indexOf(wake);
        // Woken in vain: the next one gets the seat.
        if (index === -1) waiting.shift()?.();
        else waiting.splice(index, 1);
        throw error;
      }
    }
  }
  function takeFree(): Seat | undefined {
    const number = lowestFree();
    return number === undefined ? undefined : sit(number);
  }
  return { take, takeFree };
}

function sleep(): { readonly promise: Promise<void>; readonly wake: () => void } {
  let wake: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    wake = resolve;
  });
  return { promise, wake };
}
