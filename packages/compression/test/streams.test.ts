import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Algorithm, createSyncInflater, deflate, engines, inflate } from "../src/index.ts";
import { bzip2, gzip, text, xz, zstd } from "./fixtures.ts";
import { collect, deflated, enginesToDeflate, pieces, sample, waysToInflate } from "./helpers.ts";

const mebibyte = 1024 * 1024;

const streams: Readonly<Record<Algorithm, Uint8Array>> = { gzip, zstd, bzip2, xz };

/** What inflates to so many zeros is small enough to be made at once. */
async function bomb(algorithm: Algorithm, size: number): Promise<Uint8Array> {
  return algorithm === "gzip" ? gzipSync(new Uint8Array(size)) : deflated([new Uint8Array(size)], "zstd");
}

/** A source that notes whether it was closed. */
function watched(chunks: Iterable<Uint8Array>): { source: AsyncGenerator<Uint8Array>; closed(): boolean } {
  let closed = false;
  async function* run(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } finally {
      closed = true;
    }
  }
  return { source: run(), closed: () => closed };
}

function* forever(): Generator<Uint8Array> {
  for (let seed = 1; ; seed++) yield sample(100_000, seed);
}

/** Every way that this machine has to turn a stream into another. */
const transforms = [
  ...engines()
    .filter((row) => row.direction === "inflate" && !row.synchronous && row.available)
    .map(({ algorithm, engine }) => ({
      name: `inflate ${algorithm} by ${engine}`,
      input: streams[algorithm],
      run: (source: AsyncIterable<Uint8Array>, signal?: AbortSignal) =>
        inflate(source, algorithm, { engine, signal }),
    })),
  ...(["gzip", "zstd"] as const).flatMap((algorithm) =>
    enginesToDeflate(algorithm).map((engine) => ({
      name: `deflate ${algorithm} by ${engine}`,
      input: text,
      run: (source: AsyncIterable<Uint8Array>, signal?: AbortSignal) =>
        deflate(source, { algorithm, engine, signal }),
    })),
  ),
];

describe.each(transforms)("$name", ({ run, input }) => {
  it("gives the source's error as it is, and closes it", async () => {
    const failure = new Error("the network is gone");
    function* failing(): Generator<Uint8Array> {
      yield input.subarray(0, 20);
      throw failure;
    }
    const { source, closed } = watched(failing());
    await expect(collect(run(source))).rejects.toBe(failure);
    expect(closed()).toBe(true);
  });

  it("does nothing where the signal was aborted before", async () => {
    const { source } = watched([input]);
    await expect(collect(run(source, AbortSignal.abort("too late")))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
      cause: "too late",
    });
    expect((await source.next()).value).toBe(input);
  });

  it("ends when the signal is aborted, also where the source never answers", async () => {
    const controller = new AbortController();
    let asked = 0;
    const stuck: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next() {
          asked++;
          if (asked === 1) return Promise.resolve({ value: input.subarray(0, 20), done: false as const });
          setImmediate(() => controller.abort());
          return new Promise(() => {});
        },
      }),
    };
    await expect(collect(run(stuck, controller.signal))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
    expect(asked).toBe(2);
  });
});

describe("a source that is in memory", () => {
  const some = sample(4 * mebibyte, 1);
  function* endless(): Generator<Uint8Array> {
    for (;;) yield some;
  }

  it.each(
    transforms.filter(({ name }) => name.startsWith("deflate")).map(({ name, run }) => [name, run] as const),
  )("leaves timers their turn, which may abort: %s", async (_, run) => {
    const { source } = watched(endless());
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1);
    await expect(collect(run(source, controller.signal))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });

  it.each(
    engines()
      .filter((row) => row.direction === "inflate" && !row.synchronous && row.available)
      .map(({ algorithm, engine }) => [algorithm, engine] as const)
      .filter(([algorithm]) => algorithm === "gzip" || algorithm === "zstd"),
  )("leaves timers their turn, which may abort: inflate %s by %s", async (algorithm, engine) => {
    const stream = await bomb(algorithm, 64 * mebibyte);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1);
    await expect(
      (async () => {
        for await (const _ of inflate([stream], algorithm, { engine, signal: controller.signal }));
      })(),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });
});

describe("a consumer that stops early", () => {
  it.each(["gzip", "zstd"] as const)("closes the source of inflate, %s", async (algorithm) => {
    const stream = await bomb(algorithm, 20 * mebibyte);
    for (const row of engines()) {
      if (row.algorithm !== algorithm || row.direction !== "inflate" || row.synchronous || !row.available)
        continue;
      const { source, closed } = watched(pieces(stream, 100));
      for await (const _ of inflate(source, algorithm, { engine: row.engine })) break;
      expect({ engine: row.engine, closed: closed() }).toEqual({ engine: row.engine, closed: true });
    }
  });

  it.each(["gzip", "zstd"] as const)("closes the source of deflate, %s", async (algorithm) => {
    for (const engine of enginesToDeflate(algorithm)) {
      const { source, closed } = watched(forever());
      let chunks = 0;
      for await (const _ of deflate(source, { algorithm, engine, level: 1 })) if (++chunks === 3) break;
      expect({ engine, closed: closed() }).toEqual({ engine, closed: true });
    }
  });
});

describe("a decompression bomb", () => {
  it.each(
    (["gzip", "zstd"] as const).flatMap((algorithm) =>
      waysToInflate(algorithm).map((way) => [algorithm, way.name] as const),
    ),
  )("of %s takes little memory by %s", async (algorithm, name) => {
    const size = 192 * mebibyte;
    const stream = await bomb(algorithm, size);
    const [engine = ""] = name.split(",", 1);
    let total = 0;
    let largest = 0;
    let most = 0;
    const take = (chunk: Uint8Array) => {
      total += chunk.length;
      largest = Math.max(largest, chunk.length);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    };
    const start = process.memoryUsage().arrayBuffers;
    if (name.endsWith("synchronous")) {
      const inflater = createSyncInflater(algorithm, { engine });
      for (const chunk of inflater?.push(stream) ?? []) take(chunk);
      for (const chunk of inflater?.finish() ?? []) take(chunk);
    } else {
      for await (const chunk of inflate([stream], algorithm, { engine })) take(chunk);
    }
    expect(total).toBe(size);
    expect(largest).toBeLessThanOrEqual(256 * 1024);
    // Whatever the garbage collector does, far less than all of it is there at once.
    expect(most - start).toBeLessThan(size * 0.75);
  });
});

it("deflating holds a bounded count of blocks, however slow the consumer is", async () => {
  let read = 0;
  function* source(): Generator<Uint8Array> {
    for (; read < 40; read++) yield new Uint8Array(mebibyte).fill(read);
  }
  let given = 0;
  for await (const _ of deflate(source(), { algorithm: "gzip", level: 1, parallel: 2 })) {
    given++;
    // Two blocks in flight, one that is being filled, and the one that was just given.
    expect(read - given).toBeLessThanOrEqual(3);
  }
  expect(read).toBe(40);
});
