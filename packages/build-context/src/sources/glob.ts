import { DrayageError } from "@drayage/errors";
import { type ByteString, textOf } from "@drayage/pack";
import { isPattern, namePattern } from "../patterns/name-pattern.ts";
import { locate } from "./locate.ts";

/** How many names one pattern may give. */
const limit = 1_000_000;

/** Where names are looked for, below a root. */
export interface NameTree {
  /** Of a folder, sorted by their bytes; links that lead to it are followed. None of what is no folder. */
  namesIn(path: ByteString): readonly ByteString[] | Promise<readonly ByteString[]>;
  exists(path: ByteString): boolean | Promise<boolean>;
}

/** A folder of this machine. */
export function folderNames(root: string): NameTree {
  return { namesIn: (path) => namesIn(root, path), exists: (path) => exists(root, path) };
}

/**
 * Names by the rules of `filepath.Match`. A pattern without `*`, `?`, `[` and `\` stands for itself, if that is there. Names are in the order of their bytes.
 *
 * @throws `ERR_DRAYAGE_USAGE` for a malformed pattern, `ERR_DRAYAGE_LIMIT_EXCEEDED`, and what `locate` throws
 */
export async function glob(tree: NameTree, pattern: ByteString): Promise<readonly ByteString[]> {
  let found: readonly ByteString[] = [""];
  const parts = pattern.split("/").filter((part) => part !== "");
  for (const part of parts) {
    if (!isPattern(part)) {
      found = found.map((path) => join(path, part));
      continue;
    }
    const matches = namePattern(textOf(part));
    if (matches === undefined) throw malformed(textOf(pattern));
    const next: ByteString[] = [];
    for (const path of found) {
      for (const name of await tree.namesIn(path)) if (matches(textOf(name))) next.push(join(path, name));
    }
    found = next;
    if (found.length > limit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `${JSON.stringify(textOf(pattern))} stands for more than ${limit} files`,
      );
    }
  }
  const there: ByteString[] = [];
  for (const path of found) if (await tree.exists(path)) there.push(path);
  return there;
}

function join(folder: ByteString, name: ByteString): ByteString {
  return folder === "" ? name : `${folder}/${name}`;
}

function namesIn(root: string, path: ByteString): readonly ByteString[] {
  using place = locate(root, path, { follow: true });
  if (place?.stats.isDirectory() !== true) return [];
  const folder = place.folder.folder(place.name);
  try {
    return folder?.names() ?? [];
  } finally {
    folder?.close();
  }
}

function exists(root: string, path: ByteString): boolean {
  using place = locate(root, path, { follow: false });
  return place !== undefined;
}

function malformed(pattern: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(pattern)} is no pattern`, {
    hint: "a bracket or a backslash is not complete; a backslash before it makes it stand for itself",
  });
}
