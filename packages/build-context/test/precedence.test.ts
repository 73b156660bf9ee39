import type { FileStats } from "@drayage/pack";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFolder, type Planned } from "../src/layer/planned.ts";
import { inOrder } from "../src/layer/precedence.ts";

const none = { uid: 0n, gid: 0n, rdev: 0n, size: 0n, dev: 0n, ino: 0n, nlink: 1n, mtimeNs: 0n, ctimeNs: 0n };
const file: FileStats = { ...none, mode: 0o100644n };
const folder: FileStats = { ...none, mode: 0o040755n };

function planned(item: number, name: string, stats: FileStats): Planned {
  return { item, name, source: name, stats, isKept: true };
}

/** By the rules as they are said. */
function isKept(entry: Planned, all: readonly Planned[]): boolean {
  return !all.some((later) => {
    if (later.item <= entry.item) return false;
    if (later.name === entry.name) return true;
    if (entry.name.startsWith(`${later.name}/`)) return !isFolder(later);
    return later.name.startsWith(`${entry.name}/`) && !isFolder(entry);
  });
}

describe("items that are added together", () => {
  it("what a later item takes the place of is not kept", () => {
    const name = fc.array(fc.constantFrom("a", "b", "a.b"), { minLength: 1, maxLength: 3 });
    const tree = fc.uniqueArray(
      name.map((parts) => parts.join("/")),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(fc.array(tree, { minLength: 2, maxLength: 4 }), (trees) => {
        const lists = trees.map((names, item) =>
          names.map((each) =>
            planned(item, each, names.some((other) => other.startsWith(`${each}/`)) ? folder : file),
          ),
        );
        const all = lists.flat();
        const expected = new Map(all.map((entry) => [entry, isKept(entry, all)]));
        const entries = inOrder(lists);
        expect(new Set(entries)).toEqual(new Set(all));
        for (const entry of entries) expect([entry, entry.isKept]).toEqual([entry, expected.get(entry)]);
        const keys = entries.map((entry) => entry.name.replaceAll("/", "\0"));
        expect(keys).toEqual(keys.toSorted());
      }),
      { numRuns: 1000 },
    );
  });

  it("fifty thousand files may take the places of as many folders", () => {
    const names = Array.from({ length: 50_000 }, (_, at) => `d${at}`);
    const before = names.flatMap((name) => [planned(0, name, folder), planned(0, `${name}/x`, file)]);
    const entries = inOrder([before, names.map((name) => planned(1, name, file))]);
    expect(entries.filter((entry) => entry.isKept).map((entry) => entry.item === 1)).toEqual(
      names.map(() => true),
    );
  });
});
