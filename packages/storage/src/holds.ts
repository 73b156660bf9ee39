import { randomBytes } from "node:crypto";
import path from "node:path";
import { DrayageError } from "@drayage/errors";
import type { StoreCore } from "./core.ts";
import type { Leftover } from "./driver.ts";
import type { Hold, HoldOptions, HoldRecord } from "./store.ts";

const suffix = ".json";
const unfinished = /^\.tmp-/;
const fileLimit = 16 * 1024 * 1024;

interface HoldFile extends HoldRecord {
  readonly path: string;
  readonly alive: boolean;
}

/**
 * Writes down which layers are needed, in a file of our own that stays locked as long as this process lives. Whoever deletes layers
 * reads these files under `holds.lock`, so that a layer is either held in time or seen to be gone.
 */
export async function holdLayers(
  core: StoreCore,
  layerIds: Iterable<string>,
  { why = "", signal }: HoldOptions = {},
): Promise<Hold> {
  const { files } = core;
  const held = new Set(layerIds);
  const since = new Date().toISOString();
  const { file, life } = await beginLife(core, signal);
  let released = false;

  async function write(): Promise<void> {
    await using _lock = await lockHolds(core, "read", signal);
    const record: HoldRecord = { layers: [...held], why, pid: process.pid, since };
    files.write(file, Buffer.from(JSON.stringify(record)), { volatile: true });
  }
  async function release(): Promise<void> {
    if (released) return;
    released = true;
    await files.remove(file);
    await files.remove(lifeOf(file));
    await life[Symbol.asyncDispose]();
  }
  try {
    await write();
  } catch (error) {
    await release();
    throw error;
  }
  return {
    async add(more) {
      if (released) throw new DrayageError("ERR_DRAYAGE_USAGE", "the hold was released");
      for (const id of more) held.add(id);
      await write();
    },
    release,
    [Symbol.asyncDispose]: release,
  };
}

/**
 * The file of a new hold, whose life is told by a lock beside it: the file itself is replaced when more is held. Before it was locked, the
 * lock looks like that of a dead process, and may be gone.
 */
async function beginLife(
  core: StoreCore,
  signal: AbortSignal | undefined,
): Promise<{ readonly file: string; readonly life: AsyncDisposable }> {
  const { files, patience } = core;
  for (;;) {
    const file = path.join(folderOf(core), `${randomBytes(12).toString("hex")}${suffix}`);
    const life = await files.acquire(lifeOf(file), "write", { signal, patience });
    if (!files.onDisk || files.exists(lifeOf(file))) return { file, life };
    await life[Symbol.asyncDispose]();
  }
}

/** A hold that is only begun with the first layer. */
export function holdOnDemand(core: StoreCore, why: string): Hold {
  let begun: Hold | undefined;
  const release = async (): Promise<void> => begun?.release();
  return {
    async add(layerIds) {
      if (begun === undefined) begun = await holdLayers(core, layerIds, { why });
      else await begun.add(layerIds);
    },
    release,
    [Symbol.asyncDispose]: release,
  };
}

/** The holds of living processes. */
export function readHolds(core: StoreCore): readonly HoldRecord[] {
  return holdFiles(core).flatMap(({ alive, layers, why, pid, since }) => {
    return alive ? [{ layers, why, pid, since }] : [];
  });
}

/** Holds whose process is gone, and files that were to replace one's. */
export function holdLeftovers(core: StoreCore): readonly Leftover[] {
  const ended = holdFiles(core).filter(({ alive }) => !alive);
  const why = "the process that held layers is gone";
  const files = [...ended.map((hold) => hold.path), ...unfinishedHolds(core)].map((file) => {
    const remove = async (): Promise<void> => {
      await core.files.remove(file);
      await core.files.remove(lifeOf(file));
    };
    return { path: file, why, remove };
  });
  const lone = loneLives(core).map((file) => ({ path: file, why, remove: () => removeLife(core, file) }));
  return [...files, ...lone];
}

/** Locks of those that died before they had held anything, or after. */
function loneLives(core: StoreCore): readonly string[] {
  const folder = folderOf(core);
  const names = core.files.list(folder);
  const lives = new Set(
    names.filter((name) => name.endsWith(".lock")).map((name) => path.join(folder, name)),
  );
  for (const name of names) if (!name.endsWith(".lock")) lives.delete(lifeOf(path.join(folder, name)));
  return [...lives].filter((life) => !isLocked(core, life));
}

/** While it is locked: its owner may be about to lock it. */
async function removeLife({ files }: StoreCore, life: string): Promise<void> {
  using lock = files.tryAcquire(life, "write");
  if (lock !== undefined) await files.remove(life);
}

/**
 * Layers that are held, and all they stand on are for the caller to add. Keeps new holds waiting until it is disposed of, for which
 * it must not be long.
 */
export async function freezeHolds(
  core: StoreCore,
  signal: AbortSignal | undefined,
): Promise<{ readonly held: ReadonlySet<string> } & AsyncDisposable> {
  const lock = await lockHolds(core, "write", signal);
  try {
    const held = new Set(readHolds(core).flatMap(({ layers }) => layers));
    return { held, [Symbol.asyncDispose]: async () => lock[Symbol.asyncDispose]() };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

function lockHolds(
  { files, paths, patience }: StoreCore,
  kind: "read" | "write",
  signal: AbortSignal | undefined,
): Promise<AsyncDisposable> {
  return files.acquire(path.join(paths.own, "holds.lock"), kind, { signal, patience });
}

function folderOf({ paths }: StoreCore): string {
  return path.join(paths.own, "holds");
}

/** The lock of a hold's file, or of the one that was to replace it. */
function lifeOf(file: string): string {
  const name = path.basename(file).replace(unfinished, "");
  return path.join(path.dirname(file), `${name.slice(0, name.indexOf("."))}.lock`);
}

function unfinishedHolds(core: StoreCore): readonly string[] {
  const folder = folderOf(core);
  return core.files
    .list(folder)
    .filter((name) => unfinished.test(name))
    .map((name) => path.join(folder, name))
    .filter((file) => !isAlive(core, file));
}

function holdFiles(core: StoreCore): readonly HoldFile[] {
  const folder = folderOf(core);
  return core.files.list(folder).flatMap((name) => {
    if (!name.endsWith(suffix) || name.startsWith(".")) return [];
    const file = path.join(folder, name);
    const bytes = core.files.read(file, fileLimit);
    // It was released meanwhile.
    if (bytes === undefined) return [];
    const alive = isAlive(core, file);
    const record = parseHold(bytes);
    if (record === undefined) {
      if (!alive) return [{ path: file, alive, layers: [], why: "", pid: 0, since: "" }];
      throw new DrayageError(
        "ERR_DRAYAGE_STORE_INVALID",
        `${JSON.stringify(file)} does not say what is held`,
        {
          hint: "end the process that holds it, or use a newer dray",
        },
      );
    }
    return [{ ...record, path: file, alive }];
  });
}

function isAlive(core: StoreCore, file: string): boolean {
  const life = lifeOf(file);
  return core.files.exists(life) && isLocked(core, life);
}

/** Whoever lives has it for writing. */
function isLocked({ files }: StoreCore, life: string): boolean {
  using lock = files.tryAcquire(life, "read");
  return lock === undefined;
}

function parseHold(bytes: Uint8Array): HoldRecord | undefined {
  let value: Partial<HoldRecord>;
  try {
    value = JSON.parse(Buffer.from(bytes).toString()) as Partial<HoldRecord>;
  } catch {
    return undefined;
  }
  const { layers, why = "", pid = 0, since = "" } = value;
  if (!Array.isArray(layers) || !layers.every((layer) => typeof layer === "string")) return undefined;
  return { layers, why: String(why), pid: Number(pid), since: String(since) };
}
