import { lstat, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "@drayage/errors";
import { stateOf } from "./owner.ts";
import { parseStagedName, type StagedName } from "./staged-name.ts";

/** A partial of another machine or container counts as left alone when nothing was written for an hour. */
const foreignAge = 60 * 60 * 1000;

/** What can be resumed is kept for a day, for the run that will do so. */
const keptAge = 24 * 60 * 60 * 1000;

interface Leftover extends StagedName {
  readonly path: string;
  readonly size: number;
  /** Since the last write, in milliseconds. */
  readonly age: number;
  /** Whether it may be written to: not where its bytes have another name too, or are another user's. */
  readonly ours: boolean;
}

/**
 * Takes over the longest partial file with this key whose owner is gone: renames it to `own`. Of several processes
 * that try, one succeeds. Deletes the others, and every partial that nobody will come back for.
 *
 * @returns whether there is a file at `own` now
 */
export async function claimLeftover(folder: string, key: string, own: string): Promise<boolean> {
  let claimed = false;
  const leftovers = await leftoversIn(folder);
  leftovers.sort((a, b) => b.size - a.size);
  for (const leftover of leftovers) {
    const wanted = key !== "" && leftover.key === key && leftover.ours;
    if (wanted && !claimed) claimed = await tolerant(rename(leftover.path, own));
    else if (wanted || isWorthless(leftover)) await tolerant(unlink(leftover.path));
  }
  return claimed;
}

function isWorthless({ key, age, ours }: Leftover): boolean {
  return key === "" || (ours && age > keptAge);
}

/**
 * Deletes the partial files of dead processes in a folder, those too that could be resumed: for whoever has just
 * finished what they may have been for.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const { path, key, ours } of await leftoversIn(folder)) {
    if (ours || key === "") await tolerant(unlink(path));
  }
}

async function leftoversIn(folder: string): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  for (const entry of await namesIn(folder)) {
    const name = parseStagedName(entry);
    if (name === undefined) continue;
    const state = stateOf(name.owner);
    if (state === "alive") continue;
    const path = join(folder, entry);
    const found = await factsOf(path);
    if (found === undefined || (state === "unknown" && found.age < foreignAge)) continue;
    leftovers.push({ ...name, path, ...found });
  }
  return leftovers;
}

/** None where a folder may be written to, but not read. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === "EACCES") return [];
    throw error;
  }
}

/** Undefined for what is no file, or is gone by now. */
async function factsOf(path: string): Promise<Pick<Leftover, "size" | "age" | "ours"> | undefined> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile()) return undefined;
    // In a folder that others may write to, a hard link or another's file is a trap.
    const ours = stats.nlink === 1 && stats.uid === (process.geteuid?.() ?? stats.uid);
    return { size: stats.size, age: Date.now() - stats.mtimeMs, ours };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether it was done. Another process may have been first, or the file may not be ours to touch: then it stays. */
async function tolerant(done: Promise<void>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (["ENOENT", "EPERM", "EACCES", "EBUSY"].includes(errnoOf(error) ?? "")) return false;
    throw error;
  }
}
