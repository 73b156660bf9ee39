import { createBreather } from "@drayage/pack";
import type { StoreFiles } from "./files/store-files.ts";
import { type StorePaths, storePaths } from "./paths.ts";
import { recordsWithOwnNames } from "./records/own-names.ts";
import {
  emptyCache,
  type FileCache,
  type RecordFile,
  type RecordTable,
  type Row,
  readingRows,
  readRows,
  recordTable,
} from "./records/table.ts";
import type { RecordKind } from "./records/types.ts";
import type { StoreView } from "./view/contract.ts";
import { createView } from "./view/create.ts";

export interface CatalogOptions {
  readonly files: StoreFiles;
  readonly paths: StorePaths;
  readonly driver: string;
  readonly additionalStores: readonly string[];
}

/** The records of a store and its additional stores, as they are in their files. */
export interface Catalog {
  /** Reads the files as {@link view} does, and lets others run meanwhile: those of a large store take seconds. */
  load(signal?: AbortSignal): Promise<void>;
  /** Without any lock: files are replaced whole, so that each is whole at any time. */
  view(): StoreView;
  /** What can be changed, fresh. The kind's lock is held for writing. */
  table<K extends RecordKind>(kind: K): RecordTable<K>;
  /** All records of own store, incomplete ones too. */
  rows<K extends RecordKind>(kind: K): readonly Row<K>[];
}

// Images refer to layers, and containers to both: what is referred to is read last, and is there by then.
const kinds: readonly RecordKind[] = ["container", "image", "layer"];

/** How often files are read again that change while they are read. */
const attempts = 10;

const tokenLimit = 64 * 1024;

/** How many are read before it is looked whether others have waited for long. */
const recordsAtOnce = 64;

interface Source<K extends RecordKind> {
  readonly file: RecordFile;
  readonly lock: string;
  readonly cache: FileCache<K>;
}

type Sources = { readonly [K in RecordKind]: readonly Source<K>[] };

export function createCatalog({ files, paths, driver, additionalStores }: CatalogOptions): Catalog {
  const own: Sources = {
    layer: sourcesOf("layer", paths, false),
    image: sourcesOf("image", paths, false),
    container: sourcesOf("container", paths, false),
  };
  const additional = additionalStores.map((root) => {
    const place = storePaths(root, root, driver);
    return { layer: sourcesOf("layer", place, true), image: sourcesOf("image", place, true) };
  });
  let latest: { readonly stamp: string; readonly view: StoreView } | undefined;

  function sourcesOf<K extends RecordKind>(
    kind: K,
    place: StorePaths,
    readOnly: boolean,
  ): readonly Source<K>[] {
    const graphRoot = files.onDisk ? place.graphRoot : undefined;
    return place.recordFiles(kind).map(({ path, volatile }) => ({
      file: { path, volatile, readOnly, graphRoot },
      lock: place.lock(kind),
      cache: emptyCache<K>(),
    }));
  }
  const stampOf = <K extends RecordKind>({ file, lock }: Source<K>): string => {
    // The token tells apart what a clock of some milliseconds cannot.
    const token = files.read(lock, tokenLimit);
    return `${files.stamp(file.path)} ${token === undefined ? "" : Buffer.from(token).toString("latin1")}`;
  };
  const stampOfAll = (): string =>
    JSON.stringify([
      ...kinds.flatMap((kind) => own[kind].map((one) => stampOf<RecordKind>(one))),
      ...additional.flatMap(({ layer, image }) => [...image.map(stampOf), ...layer.map(stampOf)]),
    ]);
  function rowsOf<K extends RecordKind>(kind: K, sources: readonly Source<K>[]): readonly Row<K>[] {
    return sources.flatMap(({ file, lock, cache }) => {
      return readRows(kind, { files, file, cache, stamp: stampOf({ file, lock, cache }) });
    });
  }

  function read(): StoreView {
    const containers = recordsWithOwnNames(rowsOf("container", own.container));
    const images = recordsWithOwnNames(rowsOf("image", own.image));
    const layers = recordsWithOwnNames(rowsOf("layer", own.layer));
    for (const { image, layer } of additional) {
      images.push(...recordsWithOwnNames(rowsOf("image", image)));
      layers.push(...recordsWithOwnNames(rowsOf("layer", layer)));
    }
    return createView({ containers, images, layers });
  }

  async function load(signal?: AbortSignal): Promise<void> {
    const breathe = createBreather(signal, "read the store");
    for (const source of own.container) await loadSource("container", source, breathe);
    for (const place of [own, ...additional]) {
      for (const source of place.image) await loadSource("image", source, breathe);
      for (const source of place.layer) await loadSource("layer", source, breathe);
    }
  }

  async function loadSource<K extends RecordKind>(
    kind: K,
    source: Source<K>,
    breathe: () => Promise<void>,
  ): Promise<void> {
    const { file, cache } = source;
    let count = 0;
    for (const _pause of readingRows(kind, { files, file, cache, stamp: stampOf(source) })) {
      count += 1;
      if (count % recordsAtOnce === 0) await breathe();
    }
  }

  return {
    load,
    view() {
      let before = stampOfAll();
      for (let attempt = 1; ; attempt += 1) {
        if (latest?.stamp === before) return latest.view;
        const view = read();
        const after = stampOfAll();
        if (after === before || attempt === attempts) {
          latest = { stamp: before, view };
          return view;
        }
        before = after;
      }
    },
    rows: (kind) => rowsOf(kind, own[kind]),
    table: (kind) =>
      recordTable(
        kind,
        own[kind].map(({ file }) => file),
        rowsOf(kind, own[kind]),
      ),
  };
}
