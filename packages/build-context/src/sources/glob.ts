import { DrayageError } from "@drayage/errors";
import { type ByteString, textOf } from "@drayage/pack";
import { isPattern, namePattern } from "../patterns/name-pattern.ts";
import { locate } from "./locate.ts";

/** How many names one pattern may give. */
const limit = 1_000_000;

/**
 * by the rules of `filepath.Match`. A pattern without `*`, `?`, `[` and `\` stands for itself, if that is there. Names are in the order of their bytes.
 *
 * @throws `ERR_DRAYAGE_USAGE` for a malformed pattern, `ERR_DRAYAGE_LIMIT_EXCEEDED`, and what `locate` throws
 */
export function glob(root: string, pattern: ByteString): readonly ByteString[] {
  let found: readonly ByteString[] = [""];
  const parts = pattern.split("/").filter((part) => part !== "");
  for (const part of parts) {
    if (!isPattern(part)) {
      found = found.map((path) => join(path, part));
      continue;
    }
    const matches = namePattern(textOf(part));
    if (matches === undefined) throw malformed(textOf(pattern));
    found = found.flatMap((path) =>
      namesIn(root, path)
        .filter((name) => matches(textOf(name)))
        .map((name) => join(path, name)),
    );
    if (found.length > limit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `${JSON.stringify(textOf(pattern))} stands for more than ${limit} files`,
      );
    }
  }
  return found.filter((path) => exists(root, path));
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
