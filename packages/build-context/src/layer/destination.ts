import { DrayageError } from "@drayage/errors";
import { type ByteString, byteStringOf, fileType } from "@drayage/pack";
import { cleanPath } from "../patterns/clean-path.ts";
import type { RootEntry, RootView } from "../root-view.ts";
import type { Item } from "../sources/find-sources.ts";

/** Where sources go. */
export interface Destination {
  /** As the caller said it, made absolute; with a slash at its end where that is what makes it a folder. */
  readonly text: string;
  /** The folder, below the root, with all links followed; empty for the root itself. */
  readonly folder: ByteString;
  /** The folder with what leads to it, the outermost first; without the root. `entry` is undefined for those that are to be made. */
  readonly leading: readonly { readonly path: ByteString; readonly entry: RootEntry | undefined }[];
  /** The name that the one file gets. */
  readonly rename: ByteString | undefined;
}

export interface DestinationOptions {
  readonly root: RootView;
  readonly workingDir: string;
  /** How many sources were named, whatever they match. */
  readonly sourceCount: number;
  readonly items: readonly Item[];
  readonly parents: boolean;
}

/**
 * Whether a destination is a folder or a file's new name: buildah's rules.
 *
 * @throws `ERR_DRAYAGE_USAGE` where a folder is needed and something else is there, or a name that a URL lacks
 */
export async function findDestination(
  destination: string,
  options: DestinationOptions,
): Promise<Destination> {
  const { root, workingDir, items } = options;
  if (destination.includes("\0")) throw refuse(destination, "it has a NUL");
  const home = cleanPath(`/${workingDir}`);
  const path = cleanPath(destination.startsWith("/") ? destination : `${home}/${destination}`);
  const endsAsFolder = destination === "" || destination.endsWith("/");
  const isFolder = endsAsFolder || path === home || needsFolder(options);
  const text = endsAsFolder && path !== "/" ? `${path}/` : path;
  const there = await follow(root, path);
  const isNewName =
    !isFolder && isOneFile(items) && (there.entry?.type === "file" || !(await isPresent(root, path)));
  if (there.entry?.type === "file" && isFolder) {
    throw refuse(path, "it is a file, where sources need a folder");
  }
  if (!isNewName && there.entry !== undefined && there.entry.type !== "directory") {
    throw refuse(path, "it is neither a file nor a folder");
  }
  requireName(items, isNewName);
  const place = isNewName ? await follow(root, cleanPath(`${path}/..`)) : there;
  return {
    text,
    folder: bytes(place.path.slice(1)),
    leading: await leadingTo(root, place.path),
    rename: isNewName ? bytes(path.slice(path.lastIndexOf("/") + 1)) : undefined,
  };
}

function needsFolder({ sourceCount, items, parents }: DestinationOptions): boolean {
  if (sourceCount > 1 || items.length > 1 || parents) return true;
  const kind = items[0]?.kind;
  return kind === "tree" || kind === "archive";
}

function isOneFile([item, ...others]: readonly Item[]): boolean {
  if (item === undefined || others.length > 0) return false;
  return item.kind === "download" || fileType(item.stats) === "file";
}

function requireName(items: readonly Item[], isNewName: boolean): void {
  for (const item of items) {
    if (item.kind !== "download" || item.download.name !== "" || isNewName) continue;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${item.download.url} names no file`, {
      hint: "give the file a name: a destination that does not end in a slash",
    });
  }
}

export interface Followed {
  /** Absolute, without links, as far as there is anything. */
  readonly path: string;
  /** What is there when all links are followed. */
  readonly entry: RootEntry | undefined;
}

const rootFolder: RootEntry = {
  type: "directory",
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtime: { seconds: 0, nanoseconds: 0 },
};
/** Linux's limit. */
const linkLimit = 40;

/** Where a path leads to, with the root above all. @throws `ERR_DRAYAGE_USAGE` where it leads through a file, or too many links */
export async function follow(root: RootView, path: string): Promise<Followed> {
  const left = path.split("/").reverse();
  const names: string[] = [];
  let entry: RootEntry | undefined = rootFolder;
  let links = 0;
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      names.pop();
      entry = names.length === 0 ? rootFolder : await root.lookup(`/${names.join("/")}`);
      continue;
    }
    const here = `/${[...names, name].join("/")}`;
    const found: RootEntry | undefined = entry === undefined ? undefined : await root.lookup(here);
    if (found?.type === "symlink") {
      links += 1;
      if (links > linkLimit) throw refuse(path, `it leads through more than ${linkLimit} links`);
      const target = found.linkname ?? "";
      if (target.startsWith("/")) names.length = 0;
      left.push(...target.split("/").reverse());
      entry = names.length === 0 ? rootFolder : await root.lookup(`/${names.join("/")}`);
      continue;
    }
    if (
      found !== undefined &&
      found.type !== "directory" &&
      left.some((rest) => rest !== "" && rest !== ".")
    ) {
      throw refuse(path, `${JSON.stringify(here)} is no folder`);
    }
    names.push(name);
    entry = found;
  }
  return { path: `/${names.join("/")}`, entry };
}

/** Whether anything has this name, also a link that leads nowhere. */
async function isPresent(root: RootView, path: string): Promise<boolean> {
  const folder = await follow(root, cleanPath(`${path}/..`));
  const name = path.slice(path.lastIndexOf("/") + 1);
  return (await root.lookup(`${folder.path === "/" ? "" : folder.path}/${name}`)) !== undefined;
}

async function leadingTo(root: RootView, path: string): Promise<Destination["leading"]> {
  const leading: { path: ByteString; entry: RootEntry | undefined }[] = [];
  for (let end = path.indexOf("/", 1); path !== "/"; end = path.indexOf("/", end + 1)) {
    const part = end === -1 ? path : path.slice(0, end);
    leading.push({ path: bytes(part.slice(1)), entry: await root.lookup(part) });
    if (end === -1) break;
  }
  return leading;
}

function bytes(text: string): ByteString {
  return byteStringOf(new TextEncoder().encode(text));
}

function refuse(path: string, why: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `nothing can be added to ${JSON.stringify(path)}: ${why}`);
}
