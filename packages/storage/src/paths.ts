import path from "node:path";
import type { RecordKind } from "./records/types.ts";

/** Where things are in a store: containers/storage's layout. */
export interface StorePaths {
  readonly graphRoot: string;
  readonly runRoot: string;
  readonly driver: string;
  /** `<graphRoot>/<driver>-layers`, and so on. */
  folder(kind: RecordKind): string;
  /** The same in the run root. */
  runFolder(kind: RecordKind): string;
  /** The files of records of a kind, those that are written to first. The last is that of transient stores. */
  recordFiles(kind: RecordKind): readonly RecordFilePath[];
  lock(kind: RecordKind): string;
  /** The lock that programs agree upon for something of this digest. */
  digestLock(digest: string): string;
  readonly storageLock: string;
  readonly mounts: string;
  readonly mountsLock: string;
  tarSplit(layerId: string): string;
  /** The folder of a record's big data. */
  data(kind: RecordKind, id: string): string;
  /** What is being made or removed: `temp-dir-X` with a locked `lock-X`, as containers/storage 1.59 and later have it. */
  readonly temporary: string;
  /** What no other tool has: holds, sizes, chains. */
  readonly own: string;
}

export interface RecordFilePath {
  readonly path: string;
  readonly volatile: boolean;
}

const plurals = { layer: "layers", image: "images", container: "containers" } as const;

export function storePaths(graphRoot: string, runRoot: string, driver: string): StorePaths {
  const folder = (kind: RecordKind): string => path.join(graphRoot, `${driver}-${plurals[kind]}`);
  const runFolder = (kind: RecordKind): string => path.join(runRoot, `${driver}-${plurals[kind]}`);
  return {
    graphRoot,
    runRoot,
    driver,
    folder,
    runFolder,
    recordFiles(kind) {
      const stable = { path: path.join(folder(kind), `${plurals[kind]}.json`), volatile: false };
      if (kind === "image") return [stable];
      const name = `volatile-${plurals[kind]}.json`;
      return [
        stable,
        { path: path.join(folder(kind), name), volatile: true },
        { path: path.join(runFolder(kind), name), volatile: true },
      ];
    },
    lock: (kind) => path.join(folder(kind), `${plurals[kind]}.lock`),
    digestLock: (digest) => path.join(runRoot, `${driver}-locks`, digest),
    storageLock: path.join(graphRoot, "storage.lock"),
    mounts: path.join(runFolder("layer"), "mountpoints.json"),
    mountsLock: path.join(runFolder("layer"), "mountpoints.lock"),
    tarSplit: (layerId) => path.join(folder("layer"), `${layerId}.tar-split.gz`),
    data: (kind, id) => path.join(folder(kind), id),
    temporary: path.join(folder("layer"), "tmp"),
    own: path.join(graphRoot, "drayage"),
  };
}
