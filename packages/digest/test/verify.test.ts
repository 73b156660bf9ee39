import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVerifier, digestBytes, verifyBytes, verifying } from "../src/index.ts";
import { cut, emptySha256 } from "./helpers.ts";

const abc = new TextEncoder().encode("abc");
const abcDigest = digestBytes(abc);
const other = digestBytes(Uint8Array.of(1));

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const bytes: number[] = [];
  for await (const chunk of source) bytes.push(...chunk);
  return Uint8Array.from(bytes);
}

it("bytes of another digest are refused by a message with both digests and the blob's name", () => {
  expect(() => verifyBytes(abc, abcDigest)).not.toThrow();
  expect(() => verifyBytes(abc, other, "layer 2")).toThrow(
    expect.objectContaining({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
      message: `layer 2: expected ${other}, and they hash to ${abcDigest}`,
    }),
  );
});

it("bytes are hashed by the algorithm of the digest", () => {
  expect(() => verifyBytes(abc, digestBytes(abc, "sha512"))).not.toThrow();
  expect(createVerifier({ digest: digestBytes(new Uint8Array(0), "sha384") }).finish()).toEqual({
    digest: digestBytes(new Uint8Array(0), "sha384"),
    size: 0,
  });
});

describe("a verifier", () => {
  it("measures what it is given", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.array(fc.nat()), (data, places) => {
        const verifier = createVerifier({ digest: digestBytes(data), size: data.length });
        for (const chunk of cut(data, places)) verifier.update(chunk);
        expect(verifier.finish()).toEqual({ digest: digestBytes(data), size: data.length });
      }),
    );
    expect(createVerifier().finish()).toEqual({ digest: emptySha256, size: 0 });
  });

  it("refuses too many bytes as soon as they come", () => {
    const verifier = createVerifier({ size: 4, what: "config" });
    verifier.update(abc);
    expect(() => verifier.update(abc)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_SIZE_MISMATCH",
        message: "config: expected 4 bytes, and there are more",
      }),
    );
  });

  it("refuses too few bytes, also where the digest is wrong too", () => {
    const verifier = createVerifier({ size: 4, digest: other });
    verifier.update(abc);
    expect(() => verifier.finish()).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_SIZE_MISMATCH",
        message: `${other}: expected 4 bytes, and there are 3`,
      }),
    );
  });
});

describe("a verifying stream", () => {
  it("gives the chunks as they are, from iterables of both kinds", async () => {
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield* [abc, abc];
    }
    const expected = { digest: digestBytes(Uint8Array.of(...abc, ...abc)), size: 6 };
    expect(await collect(verifying([abc, abc], expected))).toEqual(Uint8Array.of(...abc, ...abc));
    expect(await collect(verifying(slow(), expected))).toEqual(Uint8Array.of(...abc, ...abc));
    expect(await collect(verifying([abc], {}))).toEqual(abc);
  });

  it("ends with an error where the digest, or the size, is another", async () => {
    await expect(collect(verifying([abc], { digest: other }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
    });
    await expect(collect(verifying([abc], { size: 2 }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_SIZE_MISMATCH",
    });
    await expect(collect(verifying([abc], { size: 4 }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_SIZE_MISMATCH",
    });
  });

  it("never gives a byte beyond the size", async () => {
    const given: Uint8Array[] = [];
    const run = async () => {
      for await (const chunk of verifying([abc, abc], { size: 5 })) given.push(chunk);
    };
    await expect(run()).rejects.toMatchObject({ code: "ERR_DRAYAGE_SIZE_MISMATCH" });
    expect(given).toEqual([abc]);
  });

  it("closes its source where the consumer stops early", async () => {
    let closed = false;
    function* source(): Generator<Uint8Array> {
      try {
        for (;;) yield abc;
      } finally {
        closed = true;
      }
    }
    for await (const _ of verifying(source(), { digest: abcDigest })) break;
    expect(closed).toBe(true);
  });

  it("ends with ERR_DRAYAGE_ABORTED once its signal is aborted", async () => {
    const controller = new AbortController();
    const run = async () => {
      for await (const _ of verifying([abc, abc], { signal: controller.signal })) controller.abort();
    };
    await expect(run()).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });
});
