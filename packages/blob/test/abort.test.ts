import { getEventListeners } from "node:events";
import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type Blob,
  type BlobSink,
  bytesBlob,
  createStagedFile,
  drain,
  fileBlob,
  openBlob,
  peekBlob,
  readBlob,
  streamBlob,
} from "../src/index.ts";
import { collect, sampleBytes } from "./support/bytes.ts";
import { errorOf } from "./support/errors.ts";
import { useFolder } from "./support/folder.ts";

const folder = useFolder();
const nowhere: BlobSink = { kind: "writer", write: () => undefined };
const never = (): Promise<never> => new Promise(() => undefined);

/** A stream whose second chunk never comes. */
function stuck(): { blob: Blob; state: { opened: number; returned: number } } {
  const state = { opened: 0, returned: 0 };
  const blob = streamBlob(() => {
    state.opened++;
    let first = true;
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          if (!first) return never();
          first = false;
          return Promise.resolve({ done: false as const, value: new Uint8Array(10) });
        },
        return: () => {
          state.returned++;
          return never();
        },
      }),
    };
  });
  return { blob, state };
}

function abortSoon(): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 5);
  return controller.signal;
}

describe("an aborted signal", () => {
  it("ends a drain of a stream that is stuck, and its iterator is returned", async () => {
    const { blob, state } = stuck();
    const error = await errorOf(drain(blob, nowhere, { signal: abortSoon() }));
    expect(error.code).toBe("ERR_DRAYAGE_ABORTED");
    expect(error.cause).toEqual(new Error("enough"));
    await Promise.resolve();
    expect(state).toEqual({ opened: 1, returned: 1 });
  });

  it("ends reading, peeking and opening likewise", async () => {
    const calls: ((blob: Blob, signal: AbortSignal) => Promise<unknown>)[] = [
      (blob, signal) => collect(openBlob(blob, { signal })),
      (blob, signal) => readBlob(blob, { limit: 1000, signal }),
      (blob, signal) => peekBlob(blob, 100, { signal }),
    ];
    for (const call of calls) {
      const { blob, state } = stuck();
      expect((await errorOf(call(blob, abortSoon()))).code).toBe("ERR_DRAYAGE_ABORTED");
      await new Promise((resolve) => setImmediate(resolve));
      expect(state).toEqual({ opened: 1, returned: 1 });
    }
  });

  it("ends a drain whose stream is never opened, and returns what is opened later", async () => {
    let open: ((stream: AsyncIterable<Uint8Array>) => void) | undefined;
    const opening = new Promise<AsyncIterable<Uint8Array>>((resolve) => {
      open = resolve;
    });
    const error = await errorOf(
      drain(
        streamBlob(() => opening),
        nowhere,
        { signal: abortSoon() },
      ),
    );
    expect(error.code).toBe("ERR_DRAYAGE_ABORTED");
    const returned = new Promise<string>((resolve) => {
      const iterator: AsyncIterator<Uint8Array> = {
        next: never,
        return: async () => {
          resolve("returned");
          return { done: true, value: undefined };
        },
      };
      open?.({ [Symbol.asyncIterator]: () => iterator });
    });
    expect(await returned).toBe("returned");
  });

  it("ends a drain into a writer that is stuck", async () => {
    const path = folder.join("source");
    writeFileSync(path, sampleBytes(1000));
    const sink: BlobSink = { kind: "writer", write: never };
    for (const blob of [fileBlob(path), bytesBlob(new Uint8Array(9)), stuck().blob]) {
      expect((await errorOf(drain(blob, sink, { signal: abortSoon() }))).code).toBe("ERR_DRAYAGE_ABORTED");
    }
    expect(folder.openFiles()).toEqual([]);
  });

  it("ends a synchronous drain in its midst", async () => {
    const controller = new AbortController();
    const large = bytesBlob(new Uint8Array(64 * 1024 * 1024));
    await using staged = await createStagedFile(folder.path);
    setImmediate(() => controller.abort());
    let total = 0;
    const onBytes = (count: number): void => {
      total = count;
    };
    const error = await errorOf(drain(large, staged.sink, { signal: controller.signal, onBytes }));
    expect(error.code).toBe("ERR_DRAYAGE_ABORTED");
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThan(64 * 1024 * 1024);
  });

  it("that was aborted before opens nothing", async () => {
    const signal = AbortSignal.abort();
    const { blob, state } = stuck();
    const missing = fileBlob(folder.join("missing"), { offset: 0, length: 1 });
    for (const each of [blob, missing]) {
      expect((await errorOf(drain(each, nowhere, { signal }))).code).toBe("ERR_DRAYAGE_ABORTED");
      expect((await errorOf(collect(openBlob(each, { signal })))).code).toBe("ERR_DRAYAGE_ABORTED");
      expect((await errorOf(peekBlob(each, 1, { signal }))).code).toBe("ERR_DRAYAGE_ABORTED");
    }
    expect(state.opened).toBe(0);
  });

  it("keeps no listener of calls that are over", async () => {
    const { signal } = new AbortController();
    const path = folder.join("source");
    writeFileSync(path, sampleBytes(1000));
    async function* source(): AsyncGenerator<Uint8Array> {
      yield sampleBytes(1000);
    }
    for (const blob of [fileBlob(path), streamBlob(source)]) {
      await drain(blob, nowhere, { signal });
      await collect(openBlob(blob, { signal }));
      await drain({ ...blob, size: 5 }, nowhere, { signal }).catch(() => undefined);
      for await (const chunk of openBlob(blob, { signal })) if (chunk.length > 0) break;
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
