import { openSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { bytesBlob } from "@drayage/blob";
import type {
  DriverPlace,
  LayerFile,
  LayerFiles,
  StagedLayer,
  StageOptions,
  StorageDriver,
} from "@drayage/storage";
import type { DriverCase } from "@drayage/testkit";

export interface BrokenDriver {
  readonly what: string;
  /** The case that notices it. */
  readonly found: DriverCase;
  spoil(driver: StorageDriver): StorageDriver;
}

type Spoiled<Whole> = (whole: Whole, place: DriverPlace, count: number) => Partial<Whole>;

/** A driver whose opened places differ. `count`: how often one was opened before. */
function withFiles(spoil: Spoiled<LayerFiles>): (driver: StorageDriver) => StorageDriver {
  let count = 0;
  return (driver) => ({
    ...driver,
    async open(place) {
      const files = await driver.open(place);
      return { ...files, ...spoil(files, place, count++) };
    },
  });
}

function withStage(
  spoil: (staged: StagedLayer, place: DriverPlace, options: StageOptions) => Partial<StagedLayer>,
): (driver: StorageDriver) => StorageDriver {
  return withFiles((files, place) => ({
    async stage(options = {}) {
      const staged = await files.stage(options);
      return { ...staged, ...spoil(staged, place, options) };
    },
  }));
}

const layerAt = ({ graphRoot }: DriverPlace, id: string): string => join(graphRoot, "vfs/dir", id);

const nothing: LayerFile = { size: 0, read: () => 0, close: () => undefined };

export const brokenDrivers: readonly BrokenDriver[] = [
  {
    what: "has a summary of two lines",
    found: "says what it is",
    spoil: (driver) => ({ ...driver, summary: "one\ntwo" }),
  },
  {
    what: "opens without heeding the signal",
    found: "opens nothing once the signal is aborted",
    spoil: (driver) => ({ ...driver, open: (place) => driver.open({ ...place, signal: undefined }) }),
  },
  {
    what: "knows a layer that is not there",
    found: "knows no layers in an empty place",
    spoil: withFiles(() => ({ ids: async () => ["phantom"] })),
  },
  {
    what: "forgets what it had",
    found: "opens what is there again",
    spoil: withFiles((_files, _place, count) => (count === 0 ? {} : { ids: async () => [] })),
  },
  {
    what: "sees nothing of what others add",
    found: "shares a place with another who opened it",
    spoil: withFiles((_files, _place, count) => (count === 0 ? {} : { exists: async () => false })),
  },
  {
    what: "looks into no additional stores",
    found: "stands on layers of additional stores",
    spoil: (driver) => ({ ...driver, open: (place) => driver.open({ ...place, additionalStores: [] }) }),
  },
  {
    what: "cannot be closed twice",
    found: "takes being closed twice",
    spoil: withFiles(() => {
      let closed = false;
      return {
        async [Symbol.asyncDispose]() {
          if (closed) throw new Error("it is closed");
          closed = true;
        },
      };
    }),
  },
  {
    what: "tells numbers for facts",
    found: "tells facts in words",
    spoil: withFiles(() => ({ facts: async () => ({ layers: 3 }) as unknown as Record<string, string> })),
  },
  {
    what: "lists what is staged",
    found: "shows a layer to nobody before it is committed",
    spoil: withFiles((files) => ({ ids: async () => [...(await files.ids()), "staged"] })),
  },
  {
    what: "leaves a note when it discards",
    found: "leaves nothing of a layer that is discarded",
    spoil: withStage((staged, { graphRoot }, { parent }) => ({
      async discard() {
        await staged.discard();
        if (parent !== undefined) writeFileSync(join(graphRoot, "note"), "");
      },
    })),
  },
  {
    what: "discards what is committed",
    found: "keeps a committed layer, whatever becomes of its stage",
    spoil: withStage((_staged, place) => ({
      discard: async () => rmSync(layerAt(place, "lower"), { recursive: true, force: true }),
    })),
  },
  {
    what: "sets no times",
    found: "makes the files that a layer says",
    spoil: withStage((staged, place) => ({
      async commit(id) {
        await staged.commit(id);
        utimesSync(join(layerAt(place, id), "bin/tool"), 1, 1);
      },
    })),
  },
  {
    what: "forgets the parent",
    found: "puts a layer on its parent",
    spoil: withFiles((files) => ({
      async stage() {
        const staged = await files.stage();
        return { ...staged, settle: () => staged.settle(undefined) };
      },
    })),
  },
  {
    what: "changes the parent's files",
    found: "changes nothing of the parent",
    spoil: withStage((staged, place) => ({
      async commit(id) {
        await staged.commit(id);
        if (id === "upper") writeFileSync(join(layerAt(place, "lower"), "etc/hosts"), "changed");
      },
    })),
  },
  {
    what: "says that it can do without the parent, and cannot",
    found: "makes layers of one image side by side where it says so",
    spoil: withFiles(() => ({ independentLayers: true })),
  },
  {
    what: "loses what stands on a parent that was removed meanwhile",
    found: "puts a layer on what has taken its parent's place",
    spoil: withFiles((files, place) => {
      let removed = false;
      return {
        async remove(ids) {
          removed = true;
          return files.remove(ids);
        },
        async stage(options) {
          const staged = await files.stage(options);
          return {
            ...staged,
            async commit(id, parent) {
              await staged.commit(id, parent);
              if (removed && parent !== undefined) rmSync(layerAt(place, id), { recursive: true });
            },
          };
        },
      };
    }),
  },
  {
    what: "says that it can do without the parent, and cannot do without it at the end",
    found: "puts a layer on what another process committed first",
    spoil: withFiles(() => ({ independentLayers: true })),
  },
  {
    what: "makes one layer at a time",
    found: "makes several layers at a time",
    spoil: withFiles((files) => {
      let busy = false;
      return {
        async stage(options) {
          if (busy) throw new Error("another layer is being made");
          busy = true;
          const staged = await files.stage(options);
          return { ...staged, commit: (id) => staged.commit(id).finally(() => (busy = false)) };
        },
      };
    }),
  },
  {
    what: "refuses a layer of no bytes",
    found: "takes an empty layer, and one of no bytes",
    spoil: withStage((staged) => ({
      async unpack(blob, options) {
        if (blob.size === 0) throw new Error("there is no archive");
        return staged.unpack(blob, options);
      },
    })),
  },
  {
    what: "knows no streams",
    found: "takes layers as compressed files and as streams",
    spoil: withStage((staged) => ({
      async unpack(blob, options) {
        if (blob.origin.kind === "stream") throw new Error("this is no file");
        return staged.unpack(blob, options);
      },
    })),
  },
  {
    what: "does not tell owners",
    found: "says what it read",
    spoil: withStage((staged) => ({
      unpack: async (blob, options) => ({ ...(await staged.unpack(blob, options)), uids: [] }),
    })),
  },
  {
    what: "tells nothing of its progress",
    found: "tells how much of a blob was read",
    spoil: withStage((staged) => ({
      unpack: (blob, options) => staged.unpack(blob, { ...options, onBytes: undefined }),
    })),
  },
  {
    what: "unpacks again, to no effect",
    found: "unpacks a layer once",
    spoil: withStage((staged) => {
      let first: ReturnType<StagedLayer["unpack"]> | undefined;
      return { unpack: (blob, options) => (first ??= staged.unpack(blob, options)) };
    }),
  },
  {
    what: "does not verify",
    found: "refuses bytes that are not those of the digest",
    spoil: withStage((staged) => ({
      unpack: (blob, options) => staged.unpack({ ...blob, digest: undefined }, options),
    })),
  },
  {
    what: "takes any archive",
    found: "refuses an archive that is damaged",
    spoil: withStage((staged) => ({
      unpack: (blob, options) =>
        staged.unpack(blob, options).catch(() => ({
          drained: { digest: blob.digest ?? "sha256:", size: 0, stages: [] } as unknown as Awaited<
            ReturnType<StagedLayer["unpack"]>
          >["drained"],
          uids: [],
          gids: [],
        })),
    })),
  },
  {
    what: "discards nothing",
    found: "leaves nothing of a layer whose source breaks",
    spoil: withStage(() => ({ discard: async () => undefined })),
  },
  {
    what: "begins without heeding the signal",
    found: "begins nothing once the signal is aborted",
    spoil: withFiles((files) => ({ stage: (options) => files.stage({ ...options, signal: undefined }) })),
  },
  {
    what: "goes on waiting",
    found: "stops waiting for a source when the signal is aborted",
    spoil: withStage((staged) => ({
      unpack: (blob, options) => staged.unpack(blob, { ...options, signal: undefined }),
    })),
  },
  {
    what: "writes no tar-split",
    found: "writes the tar-split of a layer, from which it can be put together again",
    spoil: withStage((staged) => ({
      unpack: (blob, options) => staged.unpack(blob, { ...options, tarSplitPath: undefined }),
    })),
  },
  {
    what: "takes any parent",
    found: "refuses a parent that is not there",
    spoil: withFiles((files) => ({
      stage: (options) => files.stage({ ...options, parent: undefined }),
    })),
  },
  {
    what: "makes ids of anything",
    found: "refuses ids that are no names of folders",
    spoil: withFiles((files) => ({
      create: (id, parent, options) =>
        files.create(basename(id).replaceAll(/\W/g, "_") || "layer", parent, options),
    })),
  },
  {
    what: "stumbles over files that nobody knows of",
    found: "puts a layer in the place of files that nobody knows of",
    spoil: withFiles((files) => ({
      async stage(options) {
        const staged = await files.stage(options);
        return {
          ...staged,
          async commit(id) {
            if (await files.exists(id)) throw new Error("it is there");
            await staged.commit(id);
          },
        };
      },
    })),
  },
  {
    what: "makes layers without the parent's files",
    found: "makes an empty layer on its parent",
    spoil: withFiles((files) => ({ create: (id, _parent, options) => files.create(id, undefined, options) })),
  },
  {
    what: "begins layers with a file",
    found: "makes an empty layer on nothing",
    spoil: withFiles((files, place) => ({
      async create(id, parent, options) {
        await files.create(id, parent, options);
        writeFileSync(join(layerAt(place, id), "file"), "");
      },
    })),
  },
  {
    what: "mounts elsewhere each time",
    found: "mounts a layer as one folder, each time the same",
    spoil: withFiles((files) => {
      let dots = "";
      return {
        async mount(id, options) {
          dots += "/.";
          return `${await files.mount(id, options)}${dots}`;
        },
      };
    }),
  },
  {
    what: "shows the parent in a layer's place",
    found: "keeps what is written to a layer apart from its parent",
    spoil: withFiles((files) => ({ mount: (_id, options) => files.mount("lower", options) })),
  },
  {
    what: "mounts what is not there",
    found: "says that there is no layer to mount",
    spoil: withFiles((_files, place) => ({ mount: async (id) => layerAt(place, id) })),
  },
  {
    what: "removes later",
    found: "removes a layer at once, and its files when it is told to",
    spoil: withFiles((files) => ({
      remove: async (ids) => async () => (await files.remove(ids))(),
    })),
  },
  {
    what: "removes the first of several only",
    found: "removes several layers at once, those that are there",
    spoil: withFiles((files) => ({ remove: (ids) => files.remove(ids.slice(0, 1)) })),
  },
  {
    what: "cannot remove what is gone",
    found: "takes the removal of what is not there",
    spoil: withFiles((files) => ({
      async remove(ids) {
        for (const id of ids) if (!(await files.exists(id))) throw new Error("it is gone");
        return files.remove(ids);
      },
    })),
  },
  {
    what: "removes what has a layer's id by then",
    found: "takes an id again after its removal",
    spoil: withFiles((files, place) => ({
      async remove(ids) {
        const remove = await files.remove(ids);
        return async () => {
          await remove();
          for (const id of ids) rmSync(layerAt(place, id), { recursive: true, force: true });
        };
      },
    })),
  },
  {
    what: "finds no leftovers",
    found: "finds what a killed process left, and removes it",
    spoil: withFiles(() => ({ leftovers: async () => [] })),
  },
  {
    what: "reads from the start each time",
    found: "opens a layer's files for reading",
    spoil: withFiles((files) => ({
      async openFile(id, name) {
        const file = await files.openFile(id, name);
        return file && { ...file, read: (buffer) => file.read(buffer, 0) };
      },
    })),
  },
  {
    what: "follows links of this machine",
    found: "opens files through links, none of which leads out of the layer",
    spoil: withFiles((files, place) => ({
      openFile(id, name) {
        if (!Buffer.from(name).toString().startsWith("absolute/")) return files.openFile(id, name);
        const bytes = readFileSync(join(layerAt(place, id), Buffer.from(name).toString()));
        return { ...nothing, size: bytes.length };
      },
    })),
  },
  {
    what: "opens folders",
    found: "opens nothing but regular files that are there",
    spoil: withFiles((files) => ({
      openFile: async (id, name) => (await files.openFile(id, name)) ?? nothing,
    })),
  },
  {
    what: "packs what a layer inherits",
    found: "packs a layer anew",
    spoil: withFiles((files) => ({ diff: (id, options) => files.diff(id, { signal: options?.signal }) })),
  },
  {
    what: "packs no changes",
    found: "packs what was written to a layer",
    spoil: withFiles((files) => ({ diff: (id, options) => files.diff(id, { ...options, against: id }) })),
  },
  {
    what: "tells additions as changes",
    found: "tells what a layer changes",
    spoil: withFiles((files) => ({
      async *changes(id, options) {
        for await (const change of files.changes(id, options)) yield { ...change, kind: "changed" };
      },
    })),
  },
  {
    what: "compares with the parent alone",
    found: "tells what a layer changes against another than its parent",
    spoil: withFiles((files) => ({
      changes: (id, options) => files.changes(id, { ...options, against: undefined }),
    })),
  },
  {
    what: "counts hard links twice",
    found: "counts the bytes that a layer adds",
    spoil: withFiles((files) => ({ size: async (id, options) => (await files.size(id, options)) + 6 })),
  },
  {
    what: "packs without heeding the signal",
    found: "packs and compares nothing once the signal is aborted",
    spoil: withFiles((files) => ({
      diff: (id, options) => files.diff(id, { ...options, signal: undefined }),
    })),
  },
  {
    what: "leaves files open",
    found: "takes the removal of what is not there",
    spoil: withFiles((files) => ({
      async remove(ids) {
        openSync(import.meta.filename, "r");
        return files.remove(ids);
      },
    })),
  },
  {
    what: "takes other layers than it is given",
    found: "layer: a whiteout of a file",
    spoil: withStage((staged, _place, { parent }) => ({
      unpack: (blob, options) =>
        staged.unpack(parent === undefined ? blob : bytesBlob(new Uint8Array(1024)), options),
    })),
  },
];
