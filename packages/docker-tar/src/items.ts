import { DrayageError } from "@drayage/errors";
import type { Archive } from "./archive.ts";
import type { ManifestItem } from "./contents.ts";
import { isObject, parseJsonText } from "./json-text.ts";
import { manifestFile, manifestFileLimit } from "./names.ts";

/** The objects of the archive's `manifest.json`. */
export async function readManifestFile(
  archive: Archive,
  signal?: AbortSignal,
): Promise<readonly ManifestItem[]> {
  const bytes = await archive.read(manifestFile, { limit: manifestFileLimit, signal });
  const items = parseJsonText(bytes, { what: `${manifestFile} of ${archive.shown}` });
  if (!Array.isArray(items)) throw malformed(archive, "it is not a list of images");
  return items.map((item, index) => checkItem(archive, item, index));
}

function checkItem(archive: Archive, item: unknown, index: number): ManifestItem {
  const where = `image @${index}`;
  if (!isObject(item)) throw malformed(archive, `${where} is not an object`);
  const { Config, RepoTags = null, Layers = null } = item;
  if (typeof Config !== "string" || Config === "") throw malformed(archive, `${where} has no Config`);
  if (!isTextList(RepoTags)) throw malformed(archive, `RepoTags of ${where} is not a list of names`);
  if (!isTextList(Layers)) throw malformed(archive, `Layers of ${where} is not a list of paths`);
  return { ...item, Config, RepoTags, Layers };
}

function isTextList(value: unknown): value is string[] | null {
  return value === null || (Array.isArray(value) && value.every((member) => typeof member === "string"));
}

function malformed(archive: Archive, reason: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LAYOUT_INVALID",
    `${manifestFile} of ${archive.shown} is malformed: ${reason}`,
  );
}
