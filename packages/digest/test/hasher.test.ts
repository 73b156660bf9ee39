import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createCore, createNobleCore } from "../src/cores.ts";
import { createNodeHasher } from "../src/hasher.ts";
import {
  algorithms,
  createHasher,
  createResumableHasher,
  digestBytes,
  type HashState,
} from "../src/index.ts";
import { cut, emptySha256 } from "./helpers.ts";

const algorithm = fc.constantFrom(...algorithms);
// Blocks have 64 or 128 bytes: lengths around several of them.
const bytes = fc.uint8Array({ maxLength: 600 });
const cuts = fc.array(fc.nat(), { maxLength: 8 });

it("under Node createHasher is node:crypto's, and its default is sha256", () => {
  const hasher = createHasher();
  expect(hasher.algorithm).toBe("sha256");
  expect(hasher).not.toHaveProperty("save");
  expect(hasher.digest()).toBe(emptySha256);
});

it("both engines give what OpenSSL gives, however the bytes are cut", () => {
  fc.assert(
    fc.property(algorithm, bytes, cuts, (name, data, places) => {
      const expected = `${name}:${createHash(name).update(data).digest("hex")}`;
      const native = createNodeHasher(name);
      const portable = createResumableHasher(name);
      for (const chunk of cut(data, places)) {
        native?.update(chunk);
        portable.update(chunk);
      }
      expect(native?.digest()).toBe(expected);
      expect(portable.digest()).toBe(expected);
      expect(digestBytes(data, name)).toBe(expected);
    }),
  );
});

it("sha256 in WebAssembly and in JavaScript stand at the same state, and go on from each other's", () => {
  fc.assert(
    fc.property(bytes, cuts, (data, places) => {
      let here = createCore("sha256");
      let there = createNobleCore("sha256");
      for (const chunk of cut(data, places)) {
        here.update(chunk);
        there.update(chunk);
        const [state, other] = [here.snapshot(), there.snapshot()];
        expect({ ...state, chain: Uint32Array.from(state.chain) }).toEqual({
          ...other,
          chain: Uint32Array.from(other.chain),
        });
        here = createCore("sha256");
        here.restore(other);
        there = createNobleCore("sha256");
        there.restore(state);
      }
      const expected = createHash("sha256").update(data).digest("hex");
      expect(Buffer.from(here.digest()).toString("hex")).toBe(expected);
      expect(Buffer.from(there.digest()).toString("hex")).toBe(expected);
    }),
  );
});

describe("where there is no node:crypto", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.doUnmock("@noble/hashes/sha2.js");
    vi.resetModules();
  });

  /** The package, as a browser loads it, and which of noble's hashes were made. */
  async function load(webAssembly: boolean): Promise<{
    digest: typeof import("../src/index.ts");
    noble: string[];
  }> {
    vi.resetModules();
    const noble: string[] = [];
    const counted = await import("@noble/hashes/sha2.js");
    vi.doMock("@noble/hashes/sha2.js", () => ({
      ...counted,
      _SHA256: class extends counted._SHA256 {
        constructor() {
          super();
          noble.push("sha256");
        }
      },
    }));
    vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
    if (!webAssembly) vi.stubGlobal("WebAssembly", undefined);
    return { digest: await import("../src/index.ts"), noble };
  }

  it("sha256 is the kernel's", async () => {
    const { digest, noble } = await load(true);
    expect(digest.createHasher()).toHaveProperty("save");
    expect(digest.digestBytes(new Uint8Array(0))).toBe(emptySha256);
    expect(noble).toEqual([]);
  });

  it("and no WebAssembly, sha256 is noble's", async () => {
    const { digest, noble } = await load(false);
    expect(digest.createHasher()).toHaveProperty("save");
    expect(digest.digestBytes(new Uint8Array(0))).toBe(emptySha256);
    expect(noble).toEqual(["sha256", "sha256"]);
  });
});

it("a copy goes on by itself in both engines", () => {
  for (const name of algorithms) {
    for (const hasher of [createNodeHasher(name), createResumableHasher(name)]) {
      hasher?.update(Uint8Array.of(1));
      const copy = hasher?.copy();
      copy?.update(Uint8Array.of(2));
      hasher?.update(Uint8Array.of(3));
      expect(copy?.digest()).toBe(digestBytes(Uint8Array.of(1, 2), name));
      expect(hasher?.digest()).toBe(digestBytes(Uint8Array.of(1, 3), name));
    }
  }
});

it("digest() ends a hash of either engine", () => {
  for (const hasher of [createHasher(), createResumableHasher()]) {
    hasher.digest();
    const used = expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" });
    expect(() => hasher.update(new Uint8Array(1))).toThrow(used);
    expect(() => hasher.digest()).toThrow(used);
    expect(() => hasher.copy()).toThrow(used);
  }
});

describe("a hash that is saved and resumed", () => {
  it("equals an unbroken one, wherever it was saved and after JSON", () => {
    fc.assert(
      fc.property(algorithm, bytes, cuts, (name, data, places) => {
        let hasher = createResumableHasher(name);
        for (const chunk of cut(data, places)) {
          hasher.update(chunk);
          hasher = createResumableHasher(name, JSON.parse(JSON.stringify(hasher.save())) as HashState);
        }
        expect(hasher.digest()).toBe(digestBytes(data, name));
      }),
    );
  });

  it("leaves the one that it was saved from as it was", () => {
    const hasher = createResumableHasher();
    hasher.update(Uint8Array.of(1, 2, 3));
    const state = hasher.save();
    hasher.update(Uint8Array.of(4));
    expect(hasher.digest()).toBe(digestBytes(Uint8Array.of(1, 2, 3, 4)));
    expect(createResumableHasher("sha256", state).digest()).toBe(digestBytes(Uint8Array.of(1, 2, 3)));
  });

  it("has a state of a known shape", () => {
    const hasher = createResumableHasher();
    hasher.update(Uint8Array.of(0xab));
    expect(hasher.save()).toEqual({
      version: 1,
      algorithm: "sha256",
      length: 1,
      chain: "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19",
      pending: "ab",
    });
  });

  const good = createResumableHasher().save();
  it.each([
    ["null", null, "it is not an object"],
    ["another version", { ...good, version: 2 }, "its version is 2, and 1 is what is read here"],
    ["another algorithm", { ...good, algorithm: "sha512" }, `it is of "sha512", not of sha256`],
    ["a negative length", { ...good, length: -1 }, "its length is not a count"],
    ["a broken length", { ...good, length: 0.5 }, "its length is not a count"],
    ["a length that is text", { ...good, length: "0" }, "its length is not a count"],
    ["a chain that is too short", { ...good, chain: "00" }, "its chain is not 64 hex digits"],
    ["a chain of no hex digits", { ...good, chain: "z".repeat(64) }, "its chain is not 64 hex digits"],
    ["pending bytes without a length", { ...good, pending: "00" }, "its pending bytes are not 0 hex digits"],
    ["a length without pending bytes", { ...good, length: 65 }, "its pending bytes are not 2 hex digits"],
  ])("is refused with ERR_DRAYAGE_DIGEST_INVALID where its state is %s", (_, state, reason) => {
    expect(() => createResumableHasher("sha256", state as HashState)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_DIGEST_INVALID",
        message: `the saved state of a hash cannot be used: ${reason}`,
      }),
    );
  });
});
