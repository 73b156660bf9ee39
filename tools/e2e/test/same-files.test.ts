import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";
import { edgeLayers, type FoundFile } from "@drayage/testkit/edge-layers";
import { temporaryDirectory } from "@drayage-internal/peers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { everyKeeper, type Kept, type Layers } from "../src/every-driver.ts";

const keepers = everyKeeper(temporaryDirectory());

/** Compared as text: each path with all that is known of its file. The root's mode and times are the store's. */
function listed(kept: Kept): unknown {
  if (typeof kept === "string") return kept;
  const firsts = new Map<string | undefined, string>();
  return [...kept].sort(byName).flatMap(([path, { identity, content, xattrs, mtime, ...facts }]) => {
    if (facts.kind !== "folder" && !firsts.has(identity)) firsts.set(identity, path);
    if (path === "") return [];
    const file = facts.kind === "file" ? Buffer.from(content ?? []).toString("latin1") : "";
    return [
      [
        path,
        JSON.stringify({ ...facts, first: firsts.get(identity) }),
        timeOf(mtime),
        file,
        [...(xattrs ?? [])].map(String),
      ],
    ];
  });
}

const start = Math.floor(Date.now() / 1000);

/** In seconds, as a tar that is made of a layer has them; `none` for what no archive tells, such as folders that none has an entry for. */
function timeOf(mtime: FoundFile["mtime"]): number | "none" {
  const seconds = mtime?.seconds ?? 0;
  return seconds === 0 || seconds >= start ? "none" : seconds;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

async function compareAll(layers: Layers): Promise<void> {
  const { "a plain folder": first, ...others } = keepers;
  const expected = listed((await first?.(layers)) ?? "");
  for (const [name, keep] of Object.entries(others)) {
    expect({ [name]: listed(await keep(layers)) }).toEqual({ [name]: expected });
  }
}

const isRoot = process.geteuid?.() === 0;

describe.skipIf(!isRoot)(
  `the same files whoever keeps them${isRoot ? "" : " [skipped: overlay needs root]"}`,
  () => {
    it.each(edgeLayers.map((layer) => [layer.name, layer] as const))("%s", async (_, { below, tar }) => {
      await compareAll([...below, tar]);
    });

    it("of any layers", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(layer, { minLength: 1, maxLength: 3 }), async (layers) => {
          // The names that a file has below stay together in a folder alone, where another layer links to one of them.
          fc.pre(layers.filter(hasLinks).length <= 1);
          await compareAll(layers.map(tarOf));
        }),
        { numRuns: 100 },
      );
    });
  },
);

type Entry = TarEntryInput & { readonly content?: string | undefined };

const paths = ["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a"];
const path = fc.constantFrom(...paths);
const time = fc.integer({ min: 1, max: 9 }).map((seconds) => ({ seconds, nanoseconds: 0 }));
const content = fc.constantFrom("", "1", "2", "3");
const linkname = fc.constantFrom("d", "/d/e", "../a", "nothing", "/d/../d/e/");
const whiteoutOf = (name: string): Entry => ({ name: name.replace(/[^/]+$/, ".wh.$&") });

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ name: path, content, mtime: time }),
  fc.record({ name: fc.constantFrom("d/", "d/e/", "a/"), mode: fc.constantFrom(0o755, 0o700), mtime: time }),
  fc.record({ name: fc.constant("s"), type: fc.constant("symlink" as const), linkname, mtime: time }),
  fc.record({ name: path, type: fc.constant("link" as const), linkname: path, mtime: time }),
  fc.constantFrom(...paths, "s").map(whiteoutOf),
  fc.constantFrom("", "d/", "d/e/").map((folder) => ({ name: `${folder}.wh..wh..opq` })),
);

/** Entries by way of `s`, which may be a link below. */
const throughLink: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ name: fc.constantFrom("t", "s/a", "s/c", "s/e/c"), content, mtime: time }),
  fc.record({
    name: fc.constantFrom("b", "s/f"),
    type: fc.constant("link" as const),
    linkname: fc.constantFrom("t", "s/a", "d/a", "s/e/a"),
    mtime: time,
  }),
  fc.constantFrom("s/b", "s/e").map(whiteoutOf),
);

function hasLinks(entries: readonly Entry[]): boolean {
  return entries.some(({ type }) => type === "link");
}

/** Whether a hard link leads to what comes after it. By way of a link below, overlay takes that for what came before. */
function linksAhead(entries: readonly Entry[]): boolean {
  return entries.some(
    ({ type, linkname }, index) =>
      type === "link" && entries.slice(index + 1).some(({ name }) => name === linkname),
  );
}

/**
 * No layer goes by way of a link below and has entries where the link is or leads, too: what it means then depends on their order, which is
 * lost where layers are unpacked each by itself. overlay refuses what it can see of that.
 */
const layer = fc
  .oneof(
    { arbitrary: fc.array(entry, { minLength: 1, maxLength: 6 }), weight: 3 },
    {
      arbitrary: fc.array(throughLink, { minLength: 1, maxLength: 4 }).filter((all) => !linksAhead(all)),
      weight: 1,
    },
  )
  .map(outerFirst);

/**
 * With whiteouts of outer folders first, and entries for the folders that inner ones are in. Otherwise a folder that only a whiteout names
 * is there or not as the layers below have it or not when that entry comes, and overlay does not know them yet.
 */
function outerFirst(entries: readonly Entry[]): readonly Entry[] {
  const isWhiteout = ({ name = "" }: Entry): boolean => name.includes(".wh.");
  const depth = ({ name = "" }: Entry): number => name.split("/").length;
  const sorted = entries.filter(isWhiteout).sort((a, b) => depth(a) - depth(b));
  return entries.flatMap((one) => {
    const placed = isWhiteout(one) ? (sorted.shift() ?? one) : one;
    const isInner = isWhiteout(placed) && depth(placed) > 2;
    return isInner ? [{ name: "d/", mode: 0o755 }, { name: "d/e/", mode: 0o755 }, placed] : [placed];
  });
}

function tarOf(entries: readonly Entry[]): Uint8Array {
  const parts = entries.flatMap(({ content = "", ...header }) => {
    const bytes = Buffer.from(content);
    const full = { mode: 0o644, mtime: { seconds: 5, nanoseconds: 0 }, ...header, size: bytes.length };
    return [encodeTarHeader(full), bytes, tarPadding(bytes.length)];
  });
  return Buffer.concat([...parts, tarEnd()]);
}
