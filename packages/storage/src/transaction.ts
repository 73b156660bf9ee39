import path from "node:path";
import type { StoreCore } from "./core.ts";
import { createDisposal } from "./disposal.ts";
import type { ReadyFiles } from "./ready-files.ts";
import { stripDuplicateNames } from "./records/own-names.ts";
import type { RecordTable } from "./records/table.ts";
import type { RecordKind } from "./records/types.ts";
import { removeIncompleteLayers } from "./remove-layer.ts";
import type { StoreOptions } from "./store.ts";
import { createToken } from "./token.ts";

/** Records that are locked, as they are now, to be changed and saved. */
export interface Transaction {
  readonly core: StoreCore;
  readonly signal: AbortSignal | undefined;
  /** Only of kinds that were locked. */
  table<K extends RecordKind>(kind: K): RecordTable<K>;
  /** Writes what was changed: the token first, so that nobody misses it who reads while we die. */
  save(): void;
  /** Does something when the locks are given back, also after a failure: what takes long, such as removing files. */
  later(act: () => Promise<void>): void;
}

type Tables = { readonly [K in RecordKind]: RecordTable<K> | undefined };

// The order of containers/storage. Whoever takes them otherwise waits for another forever.
const lockOrder: readonly RecordKind[] = ["layer", "image", "container"];

export interface TransactionOptions<T> extends StoreOptions {
  readonly act: (transaction: Transaction) => Promise<T> | T;
  readonly ready?: ReadyFiles | undefined;
}

/**
 * Locks records of some kinds for writing, and lets `act` change them. Nothing in it may take long. Layers that were left
 * half made or half deleted are removed by the way.
 */
export async function inTransaction<T>(
  core: StoreCore,
  kinds: readonly RecordKind[],
  options: TransactionOptions<T>,
): Promise<T> {
  const afterwards: (() => Promise<void>)[] = [];
  const touched = new Set<string>();
  const finish = async (): Promise<void> => {
    await Promise.all([...touched].map((folder) => core.files.syncFolder(folder)));
    for (const later of afterwards) await later();
  };
  let result: T;
  try {
    result = await whileLocked(core, kinds, { ...options, touched, later: (act) => afterwards.push(act) });
  } catch (error) {
    // The first failure is the one to tell of.
    await finish().catch(() => undefined);
    throw error;
  }
  await finish();
  return result;
}

interface LockedOptions<T> extends TransactionOptions<T> {
  /** Folders in which files were replaced. */
  readonly touched: Set<string>;
  readonly later: (act: () => Promise<void>) => void;
}

async function whileLocked<T>(
  core: StoreCore,
  kinds: readonly RecordKind[],
  { act, signal, ready, touched, later }: LockedOptions<T>,
): Promise<T> {
  const { files, paths, catalog, patience } = core;
  // What does not change until the lock is taken need not be parsed while others wait.
  catalog.view();
  await using locks = createDisposal();
  for (const kind of lockOrder) {
    if (kinds.includes(kind)) {
      locks.use(await files.acquire(paths.lock(kind), "write", { signal, patience }));
    }
  }
  const tables: Tables = { layer: open("layer"), image: open("image"), container: open("container") };
  const transaction: Transaction = {
    core,
    signal,
    table: (kind) => opened(tables[kind], kind),
    save() {
      for (const kind of lockOrder) {
        const table = tables[kind];
        if (table === undefined) continue;
        for (const folder of saveTable(core, { kind, table, ready })) touched.add(folder);
      }
    },
    later,
  };
  if (tables.layer !== undefined) await removeIncompleteLayers(transaction);
  return await act(transaction);

  function open<K extends RecordKind>(kind: K): RecordTable<K> | undefined {
    if (!kinds.includes(kind)) return undefined;
    const table = catalog.table(kind);
    stripDuplicateNames(table);
    return table;
  }
}

function opened<K extends RecordKind>(table: RecordTable<K> | undefined, kind: K): RecordTable<K> {
  if (table === undefined) throw new Error(`records of the kind ${kind} are not locked`);
  return table;
}

interface SavedTable<K extends RecordKind> {
  readonly kind: K;
  readonly table: RecordTable<K>;
  readonly ready: ReadyFiles | undefined;
}

/** The folders in which a file was replaced, to be synced once the lock is given back. */
function saveTable<K extends RecordKind>(
  { files, paths }: StoreCore,
  { kind, table, ready }: SavedTable<K>,
): readonly string[] {
  const unsaved = table.unsaved();
  if (unsaved.length === 0) return [];
  files.overwrite(paths.lock(kind), createToken());
  for (const { file, bytes } of unsaved) {
    if (!ready?.take(file.path, bytes)) files.write(file.path, bytes, { volatile: file.volatile });
  }
  table.saved();
  return unsaved.filter(({ file }) => !file.volatile).map(({ file }) => path.dirname(file.path));
}
