import { type Digest, digestBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { mediaTypes } from "@drayage/manifest";
import { randomImage, randomIndex, type SampleImage, type SampleIndex } from "@drayage/testkit";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  createNaming,
  createTagFilter,
  dirDestination,
  listSource,
  parseRegistryText,
  parseRename,
  parseSourceList,
  planSync,
  registryDestination,
  registrySource,
  runSync,
  type SyncEvent,
  type SyncInput,
} from "../src/index.ts";
import { type MemoryRegistry, memoryRegistry } from "./memory-registry.ts";

let one: SampleImage;
let two: SampleImage;
let index: SampleIndex;

beforeAll(async () => {
  [one, two] = await Promise.all([randomImage({ seed: 1 }), randomImage({ seed: 2 })]);
  index = await randomIndex({ seed: 3 });
});

interface Given {
  readonly from: MemoryRegistry;
  readonly to: MemoryRegistry;
  readonly include?: readonly string[] | undefined;
  readonly suffix?: string;
}

function inputOf({ from, to, include, suffix }: Given): SyncInput {
  return {
    source: registrySource(parseRegistryText("src.test/app"), {
      transport: from.transport,
      filter: include && createTagFilter({ include }),
    }),
    destination: registryDestination("dst.test", { transport: to.transport }),
    naming: createNaming({ appendSuffix: suffix }),
    prune: true,
    copy: { platforms: "all" },
  };
}

function registries(
  from: Readonly<Record<string, SampleImage | SampleIndex>>,
  to = from,
  deletesTags = true,
) {
  const ends = { from: memoryRegistry(), to: memoryRegistry({ deletesTags }) };
  for (const [tag, image] of Object.entries(from)) ends.from.put(`src.test/app:${tag}`, image);
  for (const [tag, image] of Object.entries(to)) ends.to.put(`dst.test/app:${tag}`, image);
  return ends;
}

async function run(input: SyncInput, work = runSync): Promise<readonly string[]> {
  const told: string[] = [];
  const onEvent = (event: SyncEvent): void => {
    if (event.type === "prune") told.push(`${event.state} ${event.place.split(":").at(-1)}`);
    if (event.type === "warning") told.push(event.message);
  };
  await work({ ...input, onEvent });
  return told;
}

describe("prune", () => {
  it("deletes what the source does not have; a plan only says so", async () => {
    const ends = registries({ a: one, b: two }, { a: one, old: two, older: one });
    expect(await run(inputOf(ends), planSync)).toEqual(["delete old", "delete older"]);
    expect(ends.to.tags("dst.test/app")).toEqual(["a", "old", "older"]);
    expect(await run(inputOf(ends))).toEqual(["deleted old", "deleted older"]);
    expect(ends.to.tags("dst.test/app")).toEqual(["a", "b"]);
    expect(await run({ ...inputOf(ends), prune: false })).toEqual([]);
  });

  it("touches only tags that the filter lets through, and none that the source has behind it", async () => {
    const ends = registries({ v1: one, x1: two }, { v1: one, v2: one, x1: one, x2: one });
    expect(await run(inputOf({ ...ends, include: ["^v"] }))).toEqual(["deleted v2"]);
    expect(ends.to.tags("dst.test/app")).toEqual(["v1", "x1", "x2"]);
  });

  it("touches only tags with the suffix that it appends", async () => {
    const ends = registries({ a: one }, { b_m: two, b: two, _m: two });
    expect(await run(inputOf({ ...ends, suffix: "_m" }))).toEqual(["deleted b_m"]);
    expect(ends.to.tags("dst.test/app")).toEqual(["_m", "a_m", "b"]);
  });

  it("leaves the destination's own index of referrers", async () => {
    const own = `sha256-${"0".repeat(64)}`;
    const ends = registries({ a: one }, { [own]: two, [`${own}.sig`]: two });
    expect(await run(inputOf(ends))).toEqual([`deleted ${own}.sig`]);
    expect(ends.to.tags("dst.test/app")).toEqual(["a", own]);
  });

  it("deletes nothing where an image failed, and none where the source has no tags or could not be listed", async () => {
    const ends = registries({ a: one, b: two }, { old: two });
    ends.from.onCall = (what, text) => {
      if (what === "open" && text.endsWith(":b")) throw new DrayageError("ERR_DRAYAGE_CONNECTION", "gone");
    };
    expect(await run({ ...inputOf(ends), keepGoing: true })).toEqual([
      expect.stringContaining("app: nothing is deleted there, because not all of it was synced"),
    ]);
    expect(ends.to.tags("dst.test/app")).toContain("old");

    const unlisted = registries({ a: one }, { old: two });
    unlisted.from.onCall = (what) => {
      if (what === "list") throw new DrayageError("ERR_DRAYAGE_DENIED", "no");
    };
    for (const more of [{ keepGoing: true }, { unlisted: "skip" as const }]) {
      expect(await run({ ...inputOf(unlisted), ...more })).toEqual([]);
    }
    expect(unlisted.to.tags("dst.test/app")).toEqual(["old"]);

    const emptied = registries({}, { old: two });
    emptied.from.repositories.set("src.test/app", {
      tags: new Map(),
      manifests: new Map(),
      blobs: new Map(),
    });
    const { registries: list } = parseSourceList("src.test: {images: {app: []}}", "f");
    const source = listSource(list, { transport: emptied.from.transport });
    expect(await run({ ...inputOf(emptied), source })).toEqual([
      expect.stringContaining("has no tags at all"),
    ]);
    expect(emptied.to.tags("dst.test/app")).toEqual(["old"]);
  });

  it("deletes nothing for images that were named one by one", async () => {
    const ends = registries({ a: one, b: two }, { old: two });
    const source = registrySource(parseRegistryText("src.test/app:a"), { transport: ends.from.transport });
    expect(await run({ ...inputOf(ends), source })).toEqual([]);
    const { registries: list } = parseSourceList("src.test: {images: {app: [a]}}", "f");
    const named = listSource(list, { transport: ends.from.transport });
    expect(await run({ ...inputOf(ends), source: named })).toEqual([]);
    expect(ends.to.tags("dst.test/app")).toEqual(["a", "old"]);
  });

  it("keeps the tags of every source that goes to one repository", async () => {
    const ends = registries({ a: one }, { old: two, b: two });
    ends.from.put("src.test/more:b", two);
    const { registries: list } = parseSourceList("src.test: {images: {app: [], more: []}}", "f");
    const source = listSource(list, { transport: ends.from.transport });
    const naming = createNaming({ renames: [parseRename("src.test/more=app")] });
    expect(await run({ ...inputOf(ends), source, naming })).toEqual(["deleted old"]);
    expect(ends.to.tags("dst.test/app")).toEqual(["a", "b"]);
  });

  it("where only manifests can be deleted, none goes that another tag or an index needs", async () => {
    const [child] = index.images;
    if (child === undefined) throw new RangeError("the index is empty");
    const ends = registries(
      { a: one, i: index },
      { a: one, i: index, same: one, child, gone: two, gone2: two },
      false,
    );
    expect(await run(inputOf(ends))).toEqual(["kept same", "kept child", "deleted gone", "deleted gone2"]);
    expect(ends.to.tags("dst.test/app")).toEqual(["a", "child", "i", "same"]);
    const manifests = ends.to.repositories.get("dst.test/app")?.manifests;
    expect(manifests?.has(child.manifest.digest)).toBe(true);
    expect(manifests?.has(two.manifest.digest)).toBe(false);
  });

  it("then it keeps what refers to an image, and what was asked for by its digest", async () => {
    const ends = registries({ a: one }, { a: one, two }, false);
    const subject = {
      mediaType: one.manifest.mediaType,
      digest: one.manifest.digest,
      size: one.manifest.bytes.length,
    };
    ends.to.putManifest("dst.test/app:signature", {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: {
        mediaType: "application/vnd.oci.empty.v1+json",
        digest: digestBytes(new Uint8Array()),
        size: 2,
      },
      layers: [],
      subject,
    });
    ends.from.put("src.test/app:moved", two);
    ends.from.repositories.get("src.test/app")?.tags.delete("moved");
    const digest: Digest = two.manifest.digest;
    const { registries: list } = parseSourceList(
      `src.test: {images: {app: ["${digest}"]}, images-by-tag-regex: {app: .}}`,
      "f",
    );
    const source = listSource(list, { transport: ends.from.transport });
    expect(await run({ ...inputOf(ends), source })).toEqual(["kept two", "kept signature"]);
    expect(ends.to.tags("dst.test/app")).toEqual(["a", "signature", "two"]);
  });

  it("then it deletes nothing where what stays cannot be read", async () => {
    const ends = registries({ a: one }, { a: one, old: two }, false);
    let isPruning = false;
    ends.to.onCall = (what, text) => {
      isPruning ||= what === "delete";
      if (isPruning && what === "resolve" && text.endsWith(":a"))
        throw new DrayageError("ERR_DRAYAGE_REGISTRY", "503");
    };
    expect(await run(inputOf(ends))).toEqual(["failed old"]);
    expect(ends.to.tags("dst.test/app")).toEqual(["a", "old"]);
  });

  it("is refused where the destination cannot list and delete", async () => {
    const { from, to } = registries({ a: one });
    const destination = dirDestination("/nowhere", { transport: to.transport });
    await expect(runSync({ ...inputOf({ from, to }), destination })).rejects.toThrow("nothing can be pruned");
  });

  it("whatever there is, no tag of the source and none outside of the filter is ever deleted", async () => {
    const tags = fc.uniqueArray(fc.stringMatching(/^[ab][0-3]$/), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        tags,
        tags,
        fc.constantFrom(undefined, ["^a"], ["[01]$"]),
        fc.boolean(),
        async (here, there, include, deletesTags) => {
          fc.pre(here.length > 0);
          const pick = (tag: string): SampleImage => (tag.endsWith("1") ? one : two);
          const all = (names: readonly string[]) => Object.fromEntries(names.map((tag) => [tag, pick(tag)]));
          const ends = registries(all(here), all(there), deletesTags);
          const accepts = createTagFilter({ include });
          await runSync(inputOf({ ...ends, include }));
          const left = ends.to.tags("dst.test/app");
          for (const tag of here) expect(left.includes(tag)).toBe(accepts(tag) || there.includes(tag));
          for (const tag of there.filter((name) => !accepts(name))) expect(left).toContain(tag);
          if (deletesTags) {
            expect(left.filter((tag) => accepts(tag))).toEqual(here.filter((tag) => accepts(tag)).toSorted());
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
