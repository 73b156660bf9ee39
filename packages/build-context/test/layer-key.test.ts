import { describe, expect, it } from "vitest";
import { type LayerKey, layerKey } from "../src/index.ts";

/** In milliseconds since 1970. */
const began = 1_700_000_000_000;
const second = 1_000_000_000n;
const begin = BigInt(began) * 1_000_000n;
/** A file that was left alone for long. */
const left = {
  ...{ mode: 0o100644n, uid: 1n, gid: 2n, rdev: 3n, size: 4n, dev: 5n, ino: 6n, nlink: 1n },
  mtimeNs: begin - 100n * second - 7n,
  ctimeNs: begin - 90n * second - 8n,
};

function keyOf(changes: Partial<typeof left>, path = "a"): LayerKey {
  const builder = layerKey({}, began);
  builder.add(path, { ...left, ...changes });
  return builder.finish();
}

describe("the key of a layer", () => {
  const members = ["mode", "uid", "gid", "rdev", "size", "dev", "ino", "mtimeNs", "ctimeNs"] as const;
  it.each(members)("is another where only the %s of a file is", (name) => {
    expect(keyOf({}).settled).toBe(true);
    expect(keyOf({}).hash).toBe(keyOf({}).hash);
    expect(keyOf({ [name]: left[name] + 1n }).hash).not.toBe(keyOf({}).hash);
  });

  it("does not take the facts of one file for those of another", () => {
    const hashes = [keyOf({ uid: 11n, gid: 1n }), keyOf({ uid: 1n, gid: 11n }), keyOf({}, "b")];
    expect(new Set([keyOf({}), ...hashes].map(({ hash }) => hash)).size).toBe(4);
  });

  const ages: readonly [what: string, age: bigint, settled: boolean][] = [
    ["with fractions of seconds, 40 ms ago", second / 25n + 1n, false],
    ["with fractions of seconds, 60 ms ago", (second * 3n) / 50n + 1n, true],
    ["of whole seconds, 2 s ago", 2n * second, false],
    ["of whole seconds, 3 s ago", 3n * second, true],
  ];
  it.each(ages)("is settled where a file's steps of time are past: changed %s", (_, age, settled) => {
    expect(keyOf({ ctimeNs: begin - age }).settled).toBe(settled);
  });
});
