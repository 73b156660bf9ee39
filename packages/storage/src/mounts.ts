import { readFileSync } from "node:fs";
import { DrayageError, errnoOf, isDrayageError } from "@drayage/errors";
import type { StoreCore } from "./core.ts";
import type { MountLayerOptions } from "./driver.ts";
import { parentsOf } from "./layer-parents.ts";
import { fieldsOf } from "./records/fields.ts";
import {
  editRecord,
  joinRecords,
  parseRecord,
  type RecordText,
  splitRecords,
} from "./records/record-text.ts";
import type { MountRecord } from "./records/types.ts";
import type { StoreOptions } from "./store.ts";
import { createToken } from "./token.ts";

const fileLimit = 64 * 1024 * 1024;
const order = ["id", "path", "count"];

interface MountRow {
  readonly mount: MountRecord;
  readonly text: RecordText;
}

/** Which layers are mounted, and how often, as all programs have counted. */
export function readMounts(core: StoreCore): readonly MountRecord[] {
  return readRows(core).map(({ mount }) => mount);
}

/** `layers.lock` is held, at least for reading, so that the layer stays. */
export async function mountLayer(
  core: StoreCore,
  id: string,
  options: MountLayerOptions & StoreOptions = {},
): Promise<string> {
  await using _lock = await lockMounts(core, options);
  const rows = readRows(core);
  const row = rows.find(({ mount }) => mount.layer === id);
  const count = (row?.mount.count ?? 0) + 1;
  if (row !== undefined && isMountPoint(row.mount.path)) {
    saveRows(core, withCount(rows, row.mount, count));
    return row.mount.path;
  }
  const path = await core.layerFiles.mount(id, { ...options, parents: parentsOf(core.catalog.view(), id) });
  try {
    saveRows(core, withCount(rows, { layer: id, path }, count));
  } catch (error) {
    // Nobody would know that it has to be unmounted.
    await core.layerFiles.unmount(id);
    throw error;
  }
  return path;
}

/** Whether it is still mounted. Throws `ERR_DRAYAGE_USAGE` where it is not. */
export async function unmountLayer(
  core: StoreCore,
  id: string,
  { force = false, signal }: StoreOptions & { readonly force?: boolean | undefined } = {},
): Promise<boolean> {
  await using _lock = await lockMounts(core, { signal });
  const rows = readRows(core);
  const row = rows.find(({ mount }) => mount.layer === id);
  if (row === undefined) {
    if (!force) throw new DrayageError("ERR_DRAYAGE_USAGE", `the layer ${id.slice(0, 12)} is not mounted`);
    await core.layerFiles.unmount(id);
    return false;
  }
  const count = force ? 0 : row.mount.count - 1;
  if (count <= 0) await core.layerFiles.unmount(id);
  saveRows(core, withCount(rows, row.mount, count));
  return count > 0;
}

/** Takes the counts of layers away without unmounting anything. */
export async function forgetMounts(core: StoreCore, ids: ReadonlySet<string>): Promise<void> {
  if (ids.size === 0) return;
  await using _lock = await lockMounts(core, {});
  const left = readRows(core).filter(({ mount }) => !ids.has(mount.layer));
  saveRows(
    core,
    left.map(({ text }) => text.bytes),
  );
}

function lockMounts(
  { files, paths, patience }: StoreCore,
  { signal }: StoreOptions,
): Promise<AsyncDisposable> {
  return files.acquire(paths.mountsLock, "write", { signal, patience });
}

function readRows({ files, paths }: StoreCore): readonly MountRow[] {
  const bytes = files.read(paths.mounts, fileLimit);
  if (bytes === undefined) return [];
  try {
    return parseRows(bytes, paths.mounts);
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_STORE_INVALID")) throw error;
    // Other than the records it can be made anew.
    throw new DrayageError(error.code, error.message, {
      hint: "it only counts mounts: delete it once nothing of the store is mounted, as after a reboot",
      cause: error,
    });
  }
}

function parseRows(bytes: Uint8Array, path: string): readonly MountRow[] {
  return [...splitRecords(bytes, path)].flatMap((record, index) => {
    const text = parseRecord(record, path, index);
    const fields = fieldsOf(text, path);
    const mount = {
      layer: fields.text("id") ?? "",
      path: fields.text("path") ?? "",
      count: fields.integer("count") ?? 0,
    };
    return mount.path === "" || mount.count <= 0 ? [] : [{ mount: Object.freeze(mount), text }];
  });
}

function withCount(
  rows: readonly MountRow[],
  { layer, path }: Pick<MountRecord, "layer" | "path">,
  count: number,
): readonly Uint8Array[] {
  const old = rows.find(({ mount }) => mount.layer === layer);
  const others = rows.filter((row) => row !== old).map(({ text }) => text.bytes);
  if (count <= 0) return others;
  const text = old?.text ?? parseRecord(Buffer.from("{}"), path, 0);
  return [...others, editRecord(text, { id: layer, path, count }, order)];
}

function saveRows({ files, paths }: StoreCore, records: readonly Uint8Array[]): void {
  files.overwrite(paths.mountsLock, createToken());
  // It is gone after a reboot anyway.
  files.write(paths.mounts, joinRecords(records), { volatile: true });
}

/** Whether something is mounted there, as this process sees it. */
function isMountPoint(path: string): boolean {
  let table: string;
  try {
    table = readFileSync("/proc/self/mountinfo", "utf8");
  } catch (error) {
    if (errnoOf(error) !== undefined) return false;
    throw error;
  }
  return table.split("\n").some((line) => unescapePath(line.split(" ")[4] ?? "") === path);
}

/** proc(5): blanks and the like are written as octal numbers. */
function unescapePath(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes = text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return bytes;
}
