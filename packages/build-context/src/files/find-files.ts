import { DrayageError, throwIfAborted } from "@drayage/errors";
import { type ByteString, byteStringOf, textOf } from "@drayage/pack";
import { keptFolders } from "../layer/plan.ts";
import type { Planned } from "../layer/planned.ts";
import { pathBelow } from "../patterns/clean-path.ts";
import type { IgnoreMatcher } from "../patterns/ignore-matcher.ts";
import { isTar, tarEvents } from "../sources/archive.ts";
import type { Context } from "../sources/context.ts";
import { isRemote } from "../sources/download.ts";
import { isWanted, type LocalItem } from "../sources/find-sources.ts";
import { glob } from "../sources/glob.ts";
import { pathBytes, pathOf, type SourceFile, type SourceFiles, statsOf } from "./source-files.ts";

/** Paths are below the image's root, and so are patterns. */
const context: Context = { root: "/", isMachine: false };

export interface FindFilesOptions {
  readonly files: SourceFiles;
  /** The folder that sources are in. */
  readonly folder: string;
  readonly matcher: IgnoreMatcher;
  readonly expandArchives: boolean;
  readonly parents: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Finds what sources name among files of an image. @throws `ERR_DRAYAGE_FILE_NOT_FOUND`, `ERR_DRAYAGE_USAGE` */
export async function findFiles(
  sources: readonly string[],
  options: FindFilesOptions,
): Promise<readonly LocalItem[]> {
  const items: LocalItem[] = [];
  for (const source of sources) {
    throwIfAborted(options.signal, "look for files");
    items.push(...(await findOne(source, options)));
  }
  if (items.length > 0) return items;
  if (sources.length === 0) throw new DrayageError("ERR_DRAYAGE_USAGE", "there is no source to add");
  throw notThere(sources.map((source) => JSON.stringify(source)).join(" "));
}

async function findOne(source: string, options: FindFilesOptions): Promise<readonly LocalItem[]> {
  const { files, folder, matcher, parents, signal } = options;
  if (source === "" || source.includes("\0") || isRemote(source)) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(source)} is no path of the image`);
  }
  const below = (path: string): ByteString =>
    pathBelow(byteStringOf(new TextEncoder().encode(`${pathBelow(folder)}/${pathBelow(path)}`)));
  const written = await glob(
    {
      async namesIn(path) {
        const found = await files.stat(pathBytes(path));
        if (found?.type !== "directory") return [];
        return (await files.list(found.rawPath)).map((one) => nameOf(pathOf(one)));
      },
      exists: async (path) => (await files.stat(pathBytes(path), { follow: false })) !== undefined,
    },
    below(source),
  );
  const at = source.indexOf("/./");
  const pivot = parents
    ? partsOf(at === -1 ? pathBelow(folder) : below(source.slice(0, at))).length
    : undefined;
  const items: LocalItem[] = [];
  for (const path of written) {
    const file = await files.stat(pathBytes(path));
    if (file === undefined) {
      throw new DrayageError(
        "ERR_DRAYAGE_FILE_NOT_FOUND",
        `${JSON.stringify(textOf(path))} is a link that leads nowhere in the image`,
      );
    }
    const item: LocalItem = {
      kind: file.type === "directory" ? "tree" : "file",
      ...{ written: path, path: pathOf(file), stats: statsOf(file), pivot },
    };
    if (!isWanted(item, matcher, context)) continue;
    const isArchive =
      options.expandArchives &&
      file.type === "file" &&
      (await isTar(tarEvents(files.read(file.rawPath), { signal })));
    items.push(isArchive ? { ...item, kind: "archive" } : item);
  }
  if (written.length > 0 && items.length === 0) {
    throw new DrayageError(
      "ERR_DRAYAGE_FILE_NOT_FOUND",
      `all that ${JSON.stringify(source)} names is to be excluded`,
    );
  }
  if (written.length === 0 && !/[*?[\\]/.test(source)) throw notThere(JSON.stringify(source));
  return items;
}

/** A file of an image that is added. */
export interface PlannedFile extends Planned {
  readonly file: SourceFile;
}

/** All that an item has. */
export async function filesOf(
  item: LocalItem,
  index: number,
  {
    files,
    matcher,
    rename,
  }: Pick<FindFilesOptions, "files" | "matcher"> & { readonly rename: ByteString | undefined },
): Promise<readonly PlannedFile[]> {
  const planned: PlannedFile[] = [];
  const add = (name: ByteString, file: SourceFile): void => {
    planned.push({ item: index, name, source: pathOf(file), stats: statsOf(file), file, isKept: true });
  };
  const prefix = keptFolders(item);
  const parts = partsOf(item.written);
  const folders = item.kind === "tree" ? parts.length : parts.length - 1;
  for (let end = (item.pivot ?? folders) + 1; end <= folders; end += 1) {
    const folder = await files.stat(pathBytes(parts.slice(0, end).join("/")));
    if (folder?.type === "directory") add(parts.slice(item.pivot, end).join("/"), folder);
  }
  if (item.kind === "file") {
    const file = await files.stat(pathBytes(item.path));
    if (file !== undefined) add(rename ?? `${prefix}${nameOf(item.written)}`, file);
    return planned;
  }
  const outer = item.path === "" ? 0 : item.path.length + 1;
  for await (const file of files.walk(pathBytes(item.path))) {
    const path = pathOf(file);
    if (path.length <= outer || matcher.stateOf(textOf(path)).isExcluded) continue;
    add(`${prefix}${path.slice(outer)}`, file);
  }
  return planned;
}

function nameOf(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf("/") + 1);
}

function partsOf(path: ByteString): readonly ByteString[] {
  return path.split("/").filter((part) => part !== "");
}

function notThere(what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_FILE_NOT_FOUND", `there is no ${what} in the image`, {
    hint: "sources are paths below the image's root, or patterns: dray ls lists what there is",
  });
}
