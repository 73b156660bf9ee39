import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  algorithms,
  digestAlgorithm,
  digestHex,
  formatDigest,
  isAlgorithm,
  isDigest,
  parseDigest,
} from "../src/index.ts";
import { emptySha256, hexLength } from "./helpers.ts";

const a64 = "a".repeat(64);

const hexDigits = fc.constantFrom(..."0123456789abcdef");
const digests = fc
  .constantFrom(...algorithms)
  .chain((algorithm) =>
    fc
      .array(hexDigits, { minLength: hexLength[algorithm], maxLength: hexLength[algorithm] })
      .map((digits) => ({ algorithm, hex: digits.join("") })),
  );

it("the registered algorithms are sha256, sha384 and sha512", () => {
  expect(algorithms).toEqual(["sha256", "sha384", "sha512"]);
  expect(["sha256", "md5", "toString", 1, undefined].map(isAlgorithm)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});

it("a digest is parsed to itself, and has its algorithm and hex digits", () => {
  fc.assert(
    fc.property(digests, ({ algorithm, hex }) => {
      const digest = parseDigest(`${algorithm}:${hex}`);
      expect(digest).toBe(`${algorithm}:${hex}`);
      expect(digestAlgorithm(digest)).toBe(algorithm);
      expect(digestHex(digest)).toBe(hex);
      expect(formatDigest(algorithm, hex)).toBe(digest);
    }),
  );
});

describe("what is no digest is refused with ERR_DRAYAGE_DIGEST_INVALID", () => {
  it.each([
    ["", `"" is not a digest: it has no algorithm`],
    ["sha256", `"sha256" is not a digest: it has no algorithm`],
    [`:${a64}`, `":${a64}" is not a digest: it has no algorithm`],
    ["sha256:", `"sha256:" is not a digest: sha256 takes 64 hex digits, and there are 0`],
    [
      `sha256:${a64.slice(1)}`,
      `"sha256:${a64.slice(1)}" is not a digest: sha256 takes 64 hex digits, and there are 63`,
    ],
    [`sha512:${a64}`, `"sha512:${a64}" is not a digest: sha512 takes 128 hex digits, and there are 64`],
    [`sha256:${"A".repeat(64)}`, `"sha256:${"A".repeat(64)}" is not a digest: it has upper-case hex digits`],
    [
      `sha256:${"g".repeat(64)}`,
      `"sha256:${"g".repeat(64)}" is not a digest: it has characters that are no hex digits`,
    ],
    [`sha256:${a64.slice(1)}\n`, null],
    [` sha256:${a64}`, null],
    [`sha256:${a64} `, null],
    [`SHA256:${a64}`, `"SHA256:${a64}" is not a digest: the algorithm "SHA256" is not known`],
    [`md5:${"a".repeat(32)}`, `"md5:${"a".repeat(32)}" is not a digest: the algorithm "md5" is not known`],
    [`sha256+b64:${a64}`, null],
    [`toString:${a64}`, `"toString:${a64}" is not a digest: the algorithm "toString" is not known`],
  ])("%j", (text, message) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_DIGEST_INVALID",
        ...(message === null ? {} : { message }),
      }),
    );
  });

  it("a string of 10 MB, of which the message shows the start", () => {
    const text = `sha256:${"a".repeat(10_000_000)}`;
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(
      `"${text.slice(0, 40)}…" is not a digest: it has 10000007 characters`,
    );
  });

  it.each([undefined, null, 1, {}, new String(emptySha256)])("%j, which is no string", (value) => {
    expect(isDigest(value)).toBe(false);
    expect(() => parseDigest(value as string)).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_DIGEST_INVALID" }),
    );
  });

  it("any digest with one character changed, added or taken away, unless it is again one of hex", () => {
    fc.assert(
      fc.property(
        digests,
        fc.nat(),
        fc.string({ minLength: 1, maxLength: 1 }),
        ({ algorithm, hex }, place, other) => {
          const at = place % hex.length;
          const changed = `${algorithm}:${hex.slice(0, at)}${other}${hex.slice(at + 1)}`;
          expect(isDigest(changed)).toBe(/^[0-9a-f]$/.test(other));
          expect(isDigest(`${algorithm}:${hex}${other}`)).toBe(false);
          expect(isDigest(`${algorithm}:${hex.slice(1)}`)).toBe(false);
        },
      ),
    );
  });
});
