import { setTimeout } from "node:timers/promises";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { openStore, type Store } from "@drayage/storage";
import { memoryDriver } from "@drayage/storage-driver-memory";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  addEntries,
  amendStoredList,
  changeStoredList,
  createArtifact,
  createStoredList,
  encodeList,
  type ListChange,
  type ListContents,
  noContents,
  readStoredList,
  withArtifact,
  withImages,
  withoutImage,
} from "../src/index.ts";

const name = "localhost/list:latest";

async function memoryStore(): Promise<Store> {
  const store = await openStore({ driver: memoryDriver });
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
}

const entryOf = (number: number) => ({
  mediaType: mediaTypes.ociManifest,
  digest: digestBytes(new TextEncoder().encode(`${number}`)),
  size: number,
  platform: { os: "linux", architecture: `a${number}` },
});

describe("a list of a store", () => {
  it("takes the name of another in the step that makes it, or not at all", async () => {
    const store = await memoryStore();
    const { id: first } = await createStoredList(store, { name });
    const owner = async () =>
      (await store.read()).images.filter(({ names }) => names.includes(name)).map(({ id }) => id);
    const lost = { ...noContents, list: { entries: [], annotations: { a: "b" } } };
    await expect(
      createStoredList(store, { name, replace: true, contents: lost, format: "docker" }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED" });
    const stopped = { ...store, commitImage: () => Promise.reject(new Error("killed")) };
    await expect(createStoredList(stopped, { name, replace: true })).rejects.toThrow("killed");
    expect(await owner()).toEqual([first]);
    const { id: second } = await createStoredList(store, { name, replace: true });
    expect(second).not.toBe(first);
    expect(await owner()).toEqual([second]);
    expect((await store.read()).images.find(({ id }) => id === first)?.names).toEqual([]);
  });

  it("is made by one of those who amend what is not there, and has what all of them add", async () => {
    const store = await memoryStore();
    const slow: Store = {
      ...store,
      async commitImage(image, options) {
        await setTimeout(5);
        return store.commitImage(image, options);
      },
    };
    const lists = await Promise.all(
      Array.from({ length: 5 }, (_, at) =>
        amendStoredList(slow, {
          name,
          change: (before) => withImages(before, [entryOf(at)], () => `docker://example.com/${at}`),
        }),
      ),
    );
    expect(new Set(lists.map(({ id }) => id)).size).toBe(1);
    expect((await readStoredList(store, lists[0]?.id ?? "")).list.entries).toHaveLength(5);
    const image = await store.commitImage({ layers: [], names: ["localhost/image:latest"] });
    await expect(
      amendStoredList(store, { name: "localhost/image:latest", change: () => noContents }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED" });
    expect(image.names).toEqual(["localhost/image:latest"]);
  });

  it("is as before or as after a change whenever the process is killed", async () => {
    const store = await memoryStore();
    const place = (digest: string): string => `docker://example.com/${digest.slice(-4)}`;
    const with_ = (before: ListContents, ...numbers: readonly number[]): ListContents =>
      withImages(before, numbers.map(entryOf), place);
    const { id } = await createStoredList(store, { name, contents: with_(noContents, 1, 2) });
    const digests = (numbers: readonly number[]) => numbers.map((number) => entryOf(number).digest);
    const artifact = await createArtifact({ files: [] });
    const changes: readonly (readonly [change: ListChange, after: string[]])[] = [
      [(before) => with_(before, 3), digests([1, 2, 3])],
      [(before) => withoutImage(before, entryOf(1).digest), digests([2, 3])],
      [(before) => with_(withoutImage(before, entryOf(2).digest), 4), digests([3, 4])],
      [
        (before) => ({
          ...before,
          list: addEntries(before.list, [artifact.entry]),
          artifacts: withArtifact(before.artifacts, artifact),
        }),
        [...digests([3, 4]), artifact.entry.digest],
      ],
      [(before) => withoutImage(before, artifact.entry.digest), digests([3, 4])],
    ];
    for (const [change, after] of changes) {
      const files = new Map<string, Uint8Array>();
      for (const key of (await store.read()).images[0]?.bigData.keys() ?? []) {
        files.set(key, await store.bigData("image", id, key));
      }
      const states: Map<string, Uint8Array>[] = [new Map(files)];
      const watched: Store = {
        ...store,
        commitImage(image, options) {
          for (const { key, bytes } of image.bigData ?? []) states.push(new Map(files.set(key, bytes)));
          return store.commitImage(image, options);
        },
      };
      const before = (await readStoredList(store, id)).list.entries.map(({ digest }) => digest);
      await changeStoredList(watched, id, { change });
      for (const state of states) {
        const killed = await memoryStore();
        const bigData = [...state].map(([key, bytes]) => ({ key, bytes }));
        const { id: copy } = await killed.commitImage({ layers: [], bigData });
        const { list, instances, artifacts } = await readStoredList(killed, copy);
        const entries = list.entries.map(({ digest }) => digest);
        expect([before, after]).toContainEqual(entries);
        const known = new Set([...instances.keys(), ...artifacts.manifests.keys()]);
        expect(entries.filter((digest) => !known.has(digest))).toEqual([]);
      }
      expect((await readStoredList(store, id)).list.entries.map(({ digest }) => digest)).toEqual(after);
    }
  });

  it("keeps what somebody changes who takes no lock, and is not made again once it is removed", async () => {
    const store = await memoryStore();
    const { id } = await createStoredList(store, { name });
    const place = (): string => "docker://example.com/x";
    // As buildah does it: it reads, and writes file by file, whoever has the lock.
    const theirs = withImages(noContents, [entryOf(7)], place);
    const files = [
      { key: "manifest", bytes: encodeList(theirs.list).bytes },
      {
        key: "instances.json",
        bytes: new TextEncoder().encode(JSON.stringify({ "": id, ...Object.fromEntries(theirs.instances) })),
      },
    ];
    for (const file of files) {
      let calls = 0;
      const interrupted: Store = {
        ...store,
        async commitImage(image, options) {
          calls += 1;
          if (calls === 1) await store.commitImage({ id, layers: [], bigData: [file] });
          return store.commitImage(image, options);
        },
      };
      await changeStoredList(interrupted, id, {
        change: (before) => withImages(before, [entryOf(8)], place),
      });
    }
    const { list, instances } = await readStoredList(store, id);
    expect(list.entries.map(({ size }) => size)).toEqual([7, 8]);
    expect([...instances.keys()].sort()).toEqual([entryOf(7).digest, entryOf(8).digest].sort());
    const removed: Store = {
      ...store,
      async commitImage(image, options) {
        await store.deleteImage(id);
        return store.commitImage(image, options);
      },
    };
    await expect(
      changeStoredList(removed, id, { change: (before) => withImages(before, [entryOf(9)], place) }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
    expect((await store.read()).images).toEqual([]);
  });
});
