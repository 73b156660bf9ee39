import { rename } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "@drayage/blob";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { readIfPresent, removeFile, replaceFile } from "./files.ts";
import { isImageName } from "./names.ts";
import { isToken, privateName } from "./private-name.ts";

/**
 * What is left to do so that a folder holds its new image. Once the file is there the new image is committed: whoever
 * opens the folder next does the rest, if the process that wrote it cannot. All of it can be done again.
 */
export interface Journal {
  /** Whose private files become the image's. */
  readonly token: string;
  /** What they are to be called, in this order. */
  readonly places: readonly string[];
  /** Files that only the earlier image needed. */
  readonly removals: readonly string[];
}

const journalFile = ".drayage-commit";
const journalLimit = 16 * 1024 * 1024;

/** The folder's journal, if a commit is under way or was cut short. */
export async function readJournal(folder: string): Promise<Journal | undefined> {
  const path = join(folder, journalFile);
  const bytes = await readIfPresent(path, journalLimit);
  if (bytes === undefined) return undefined;
  const { token, places, removals } = parse(bytes);
  if (isToken(token) && areNames(places) && areNames(removals)) return { token, places, removals };
  throw new DrayageError(
    "ERR_DRAYAGE_LAYOUT_INVALID",
    `${JSON.stringify(path)} does not say what is left to do`,
    {
      hint: "remove it: the image from before or after the last change is there",
    },
  );
}

function parse(bytes: Uint8Array): Partial<Record<keyof Journal, unknown>> {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof document === "object" && document !== null ? document : {};
  } catch {
    return {};
  }
}

/** Only names of files of images: a journal that someone else has put there moves and removes nothing else. */
function areNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string" && isImageName(name));
}

/** Commits: from here on the folder's image is the new one. */
export async function writeJournal(folder: string, journal: Journal): Promise<void> {
  await replaceFile(folder, journalFile, new TextEncoder().encode(JSON.stringify(journal)));
}

/** Does what a journal says, and removes it. */
export async function finishJournal(folder: string, { token, places, removals }: Journal): Promise<void> {
  for (const name of places) {
    const from = join(folder, privateName(token, name));
    try {
      await rename(from, join(folder, name));
    } catch (error) {
      // It was renamed before.
      if (errnoOf(error) !== "ENOENT") throw ioError(error, "write", { path: join(folder, name) });
    }
    // Renaming a link to the file that is there already does nothing.
    await removeFile(from);
  }
  await syncDirectory(folder);
  for (const name of removals) await removeFile(join(folder, name));
  await removeFile(join(folder, journalFile));
  await syncDirectory(folder);
}
