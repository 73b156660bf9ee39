import { writeFileSync } from "node:fs";
import { mkdir, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createStagedFile } from "@drayage/blob";
import { DrayageError, errnoOf, ioError, throwIfAborted } from "@drayage/errors";
import { acquireLock } from "@drayage/file-lock";
import { invalidFile, parseJson, readAuthBytes } from "./auth-file.ts";
import { emptyObject, formatTree, type JsonObject, member, parseTree, withMember } from "./json-tree.ts";

/** Changes `auths`; gives back the same object where there is nothing to change. */
export type AuthsEdit = (auths: JsonObject) => JsonObject;

/**
 * Changes the logins in a file, and nothing else in it. It and its folder are made where there are none, readable by the user alone.
 * The file that a symbolic link leads to is changed, and the link stays. At any moment there is the old file or the new, whole.
 *
 * @throws `ERR_DRAYAGE_CONFIGURATION_INVALID`, `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function editAuths(
  path: string,
  edit: AuthsEdit,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const file = await behindLinks(path);
  const folder = dirname(file);
  await makeFolder(folder);
  await using _lock = await acquireLock(join(folder, `.${basename(file)}.drayage-lock`), { signal });
  const before = await readTree(file);
  const auths = member(before, "auths");
  const old = auths === undefined || isNull(auths) ? emptyObject : auths;
  if (old.kind !== "object") throw invalidFile(path, "auths is not an object");
  const changed = edit(old);
  if (changed === old) return;
  throwIfAborted(signal);
  await replaceFile(file, formatTree(withMember(before, "auths", changed)));
}

async function readTree(path: string): Promise<JsonObject> {
  const bytes = await readAuthBytes(path);
  if (bytes === undefined) return emptyObject;
  parseJson(bytes, path);
  const tree = parseTree(new TextDecoder().decode(bytes), path);
  if (tree.kind !== "object") throw invalidFile(path, "it is not a JSON object");
  return tree;
}

function isNull(tree: { readonly kind: string; readonly text?: string }): boolean {
  return tree.kind === "scalar" && tree.text === "null";
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw ioError(error, "make the folder", { path: folder });
  }
}

/** Writes secrets: nobody else may read them, not even while the file has no name yet. */
async function replaceFile(path: string, text: string): Promise<void> {
  await using staged = await createStagedFile(dirname(path), { mode: 0o600 });
  try {
    writeFileSync(staged.fd, text);
  } catch (error) {
    throw ioError(error, "write", { path });
  }
  await staged.commit(path, { mode: 0o600 });
}

const linkLimit = 40;

/** Where a path leads, also where nothing is there yet. */
async function behindLinks(path: string): Promise<string> {
  let at = resolve(path);
  for (let count = 0; count < linkLimit; count++) {
    try {
      return await realpath(at);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw ioError(error, "open", { path });
    }
    const target = await linkTarget(at);
    if (target === undefined) return at;
    at = resolve(dirname(at), target);
  }
  throw new DrayageError("ERR_DRAYAGE_IO", `cannot open ${JSON.stringify(path)}: too many symbolic links`);
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "EINVAL") return undefined;
    throw ioError(error, "open", { path });
  }
}
