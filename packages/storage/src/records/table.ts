import type { StoreFiles } from "../files/store-files.ts";
import { damagedFile } from "./damaged.ts";
import { fieldsOf } from "./fields.ts";
import { formatOf, type RecordPlace } from "./formats.ts";
import { editRecord, joinRecords, parseRecord, type RecordText, splitRecords } from "./record-text.ts";
import type { RecordKind, RecordOf } from "./types.ts";

/** A file of records, and where they stand. */
export interface RecordFile extends RecordPlace {
  readonly path: string;
}

/** A record, with the text of it. */
export interface Row<K extends RecordKind> {
  readonly record: RecordOf[K];
  readonly text: RecordText;
  readonly file: RecordFile;
}

/** Far more than the largest store of today has. */
const fileLimit = 512 * 1024 * 1024;

/** What a file held when it was last read. Only what changed since is parsed again. */
export interface FileCache<K extends RecordKind> {
  stamp: string | undefined;
  rows: readonly Row<K>[];
}

export function emptyCache<K extends RecordKind>(): FileCache<K> {
  return { stamp: undefined, rows: [] };
}

/**
 * The records of a file, none where there is no such file.
 * @throws `ERR_DRAYAGE_STORE_INVALID`, naming the file
 */
export function readRows<K extends RecordKind>(kind: K, options: ReadRowsOptions<K>): readonly Row<K>[] {
  for (const _pause of readingRows(kind, options));
  return options.cache.rows;
}

/** As {@link readRows}, into the cache, with a pause after each record, where somebody who is in no hurry may look around. */
export function* readingRows<K extends RecordKind>(
  kind: K,
  { files, file, cache, stamp }: ReadRowsOptions<K>,
): Generator<void, void, undefined> {
  if (cache.stamp === stamp) return;
  const bytes = files.read(file.path, fileLimit);
  const known = new Map(cache.rows.map((row) => [keyOf(row.text.bytes), row]));
  const rows: Row<K>[] = [];
  const ids = new Set<string>();
  for (const text of bytes === undefined ? [] : splitRecords(bytes, file.path)) {
    const row =
      (known.size === 0 ? undefined : known.get(keyOf(text))) ??
      rowOf(kind, file, parseRecord(text, file.path, rows.length));
    const { id } = row.record;
    // Whoever changed one of two would lose the other.
    if (ids.has(id)) throw damagedFile(file.path, `is damaged: it has two records of the id ${id}`);
    ids.add(id);
    rows.push(row);
    yield;
  }
  cache.rows = rows;
  cache.stamp = stamp;
}

export interface ReadRowsOptions<K extends RecordKind> {
  readonly files: StoreFiles;
  readonly file: RecordFile;
  readonly cache: FileCache<K>;
  /** Of the file and its lock, taken before. */
  readonly stamp: string;
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function rowOf<K extends RecordKind>(kind: K, file: RecordFile, { bytes, node }: RecordText): Row<K> {
  const record = formatOf(kind).decode(fieldsOf({ bytes, node }, file.path), file);
  // The tree is many times as large as the text, and few records are ever changed.
  const text = {
    bytes,
    get node() {
      return parseRecord(bytes, file.path, 0).node;
    },
  };
  return { record, text, file };
}

/** All records of a kind that can be changed, in memory, while their lock is held for writing. */
export interface RecordTable<K extends RecordKind> {
  readonly rows: readonly Row<K>[];
  get(id: string): RecordOf[K] | undefined;
  /** Members by the names of the file. */
  add(values: Readonly<Record<string, unknown>>, volatile?: boolean): RecordOf[K];
  /** Changes members; `undefined` takes one away. */
  change(id: string, changes: Readonly<Record<string, unknown>>): RecordOf[K];
  remove(id: string): void;
  /** The files that are not as they are on the disk any more, with what they are to hold. */
  unsaved(): readonly { readonly file: RecordFile; readonly bytes: Uint8Array }[];
  saved(): void;
}

export function recordTable<K extends RecordKind>(
  kind: K,
  recordFiles: readonly RecordFile[],
  initial: readonly Row<K>[],
): RecordTable<K> {
  /** In the order of the files; undefined for what was removed. */
  const rows: (Row<K> | undefined)[] = [];
  /** Two files may have a record of one id each; the first is the one that counts. */
  const places = new Map<string, number[]>();
  for (const row of initial) put(row);
  const changed = new Set<RecordFile>();
  const { order } = formatOf(kind);

  function put(row: Row<K>): void {
    const others = places.get(row.record.id);
    if (others === undefined) places.set(row.record.id, [rows.length]);
    else others.push(rows.length);
    rows.push(row);
  }

  const rowsLeft = (): readonly Row<K>[] => rows.filter((row) => row !== undefined);

  return {
    get rows() {
      return rowsLeft();
    },
    get: (id) => rows[places.get(id)?.[0] ?? -1]?.record,
    add(values, volatile = false) {
      const file = recordFiles.find((one) => one.volatile === volatile) ?? recordFiles[0];
      if (file === undefined) throw new Error("a table has a file at least");
      const nothing = parseRecord(Buffer.from("{}"), file.path, rows.length);
      const text = parseRecord(editRecord(nothing, values, order), file.path, rows.length);
      const row = rowOf(kind, file, text);
      put(row);
      changed.add(file);
      return row.record;
    },
    change(id, changes) {
      const index = places.get(id)?.[0] ?? -1;
      const row = rows[index];
      if (row === undefined) throw new Error(`there is no ${kind} ${id} to change`);
      const text = parseRecord(editRecord(row.text, changes, order), row.file.path, index);
      const next = rowOf(kind, row.file, text);
      rows[index] = next;
      changed.add(row.file);
      return next.record;
    },
    remove(id) {
      for (const index of places.get(id) ?? []) {
        const row = rows[index];
        if (row !== undefined) changed.add(row.file);
        rows[index] = undefined;
      }
      places.delete(id);
    },
    unsaved() {
      if (changed.size === 0) return [];
      const left = rowsLeft();
      return [...changed].map((file) => ({
        file,
        bytes: joinRecords(left.filter((row) => row.file === file).map((row) => row.text.bytes)),
      }));
    },
    saved: () => changed.clear(),
  };
}
