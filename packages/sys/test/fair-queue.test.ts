import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue } from "../src/fair-queue.ts";

const never = new AbortController().signal;

describe("a fair queue", () => {
  it("lets in one writer or any number of readers, in the order in which they came", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("read" as const, "write" as const), { maxLength: 30 }),
        async (kinds) => {
          const queue = new FairQueue();
          const order: number[] = [];
          let readers = 0;
          let writers = 0;
          await Promise.all(
            kinds.map(async (kind, index) => {
              expect(await queue.enter(kind, never)).toBe(true);
              order.push(index);
              if (kind === "read") readers++;
              else writers++;
              expect(writers === 0 || (writers === 1 && readers === 0)).toBe(true);
              await new Promise((resolve) => setImmediate(resolve));
              if (kind === "read") readers--;
              else writers--;
              queue.leave(kind);
            }),
          );
          expect(order).toEqual(kinds.map((_, index) => index));
          expect(queue.idle).toBe(true);
        },
      ),
    );
  });

  it("lets no reader overtake a writer that waits", async () => {
    const queue = new FairQueue();
    expect(queue.tryEnter("read")).toBe(true);
    const writer = queue.enter("write", never);
    expect(queue.tryEnter("read")).toBe(false);
    queue.leave("read");
    expect(await writer).toBe(true);
    expect(queue.tryEnter("read")).toBe(false);
    queue.leave("write");
    expect(queue.idle).toBe(true);
  });

  it("lets readers go on when the writer before them gives up", async () => {
    const queue = new FairQueue();
    queue.tryEnter("read");
    const giveUp = new AbortController();
    const writer = queue.enter("write", giveUp.signal);
    const reader = queue.enter("read", never);
    giveUp.abort();
    expect(await writer).toBe(false);
    expect(await reader).toBe(true);
    queue.leave("read");
    queue.leave("read");
    expect(queue.idle).toBe(true);
  });
});
