import { randomBytes } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { drain } from "@drayage/blob";
import {
  type DriverPlace,
  type LayerFiles,
  type StagedLayer,
  type StorageDriver,
  storageDriverApiVersion,
  storageDriverBrand,
} from "../src/index.ts";

/** What this process is still at work on. */
const live = new Set<string>();

export interface PlainDriverOptions {
  /** Called before a layer's files are put in place; what it throws is thrown. */
  readonly onCommit?: ((id: string) => void) | undefined;
  /** What it has noted of layers' parents; it has no notes where absent. */
  readonly notes?: Map<string, readonly string[]> | undefined;
}

/** A driver for tests of the store: a layer is a folder with its tar, and nothing is unpacked. */
export function plainDriver(options: PlainDriverOptions = {}): StorageDriver {
  return {
    [storageDriverBrand]: true,
    apiVersion: storageDriverApiVersion,
    name: "plain",
    summary: "for tests",
    open: async (place) => layerFiles(place, options),
  };
}

function layerFiles({ graphRoot }: DriverPlace, { onCommit, notes }: PlainDriverOptions): LayerFiles {
  const home = path.join(graphRoot, "plain");
  const staging = path.join(graphRoot, "plain-staging");
  const folder = (id: string): string => path.join(home, id);
  for (const one of [home, staging]) mkdirSync(one, { recursive: true, mode: 0o700 });
  const temporary = (): string => path.join(staging, randomBytes(6).toString("hex"));

  function stage(): StagedLayer {
    const place = temporary();
    mkdirSync(place);
    live.add(place);
    const discard = async (): Promise<void> => {
      rmSync(place, { recursive: true, force: true });
      live.delete(place);
    };
    return {
      async unpack(blob) {
        const chunks: Uint8Array[] = [];
        const drained = await drain(blob, {
          kind: "writer",
          write: (chunk) => void chunks.push(chunk.slice()),
        });
        writeFileSync(path.join(place, "layer.tar"), Buffer.concat(chunks));
        return { drained, uids: [0, 1000], gids: [0] };
      },
      settle: async () => undefined,
      async commit(id) {
        onCommit?.(id);
        renameSync(place, folder(id));
      },
      discard,
      [Symbol.asyncDispose]: discard,
    };
  }
  const tarOf = (id: string): string => path.join(folder(id), "layer.tar");
  return {
    independentLayers: true,
    keepsTar: true,
    stage: async () => stage(),
    create: async (id) => mkdirSync(folder(id)),
    async remove(ids) {
      const places = ids
        .filter((id) => existsSync(folder(id)))
        .map((id) => {
          const place = temporary();
          live.add(place);
          renameSync(folder(id), place);
          return place;
        });
      return async () => {
        for (const place of places) rmSync(place, { recursive: true, force: true });
      };
    },
    exists: async (id) => existsSync(folder(id)),
    ids: async () => readdirSync(home),
    leftovers: async () =>
      readdirSync(staging)
        .map((name) => path.join(staging, name))
        .filter((place) => !live.has(place))
        .map((place) => ({
          path: place,
          why: "a test left it",
          remove: async () => rmSync(place, { recursive: true, force: true }),
        })),
    mount: async (id) => folder(id),
    unmount: async () => undefined,
    openFile: () => undefined,
    diff: (id) => createReadStream(tarOf(id)),
    async *changes() {},
    ...(notes && {
      async checkParents({ id, parents }) {
        const path = folder(id);
        const noted = notes.get(id) ?? parents;
        return noted.join() === parents.join() ? [] : [{ path, message: `${path} says ${noted.join()}` }];
      },
      async mendParents(layers) {
        for (const { id, parents } of layers) if (id !== "stubborn") notes.set(id, parents);
      },
    }),
    size: async (id) => (existsSync(tarOf(id)) ? statSync(tarOf(id)).size : 0),
    facts: async () => ({ kind: "plain" }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
