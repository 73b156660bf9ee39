import { isAbsolute, relative, resolve } from "node:path";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import {
  type ByteString,
  byteStringOf,
  createBreather,
  type FileStats,
  fileType,
  statsKeeper,
  textOf,
} from "@drayage/pack";
import { pathBelow } from "../patterns/clean-path.ts";
import type { IgnoreMatcher } from "../patterns/ignore-matcher.ts";
import { isPattern } from "../patterns/name-pattern.ts";
import { isArchive } from "./archive.ts";
import { type Context, describeContext, shownPath } from "./context.ts";
import { type Download, type DownloadOptions, download, isRemote } from "./download.ts";
import { refuseGit } from "./git.ts";
import { folderNames, glob } from "./glob.ts";
import { locate } from "./locate.ts";

/** One thing that is added: what a source names, or one of those that its pattern does. */
export type Item = LocalItem | { readonly kind: "download"; readonly download: Download };

export interface LocalItem {
  /** `tree`: all that is in a folder. `archive`: a file that is to be expanded. `file`: anything but a folder. */
  readonly kind: "tree" | "file" | "archive";
  /** As the source's text and pattern have it, below the context. */
  readonly written: ByteString;
  /** Where that leads to, below the context. */
  readonly path: ByteString;
  readonly stats: FileStats;
  /** With `parents`: how many of the first folders of `written` are left out; undefined without. */
  readonly pivot: number | undefined;
}

export interface FindOptions {
  readonly context: Context;
  readonly matcher: IgnoreMatcher;
  /** Where the patterns are from, for messages. */
  readonly ignoreFile: string | undefined;
  readonly expandArchives: boolean;
  readonly parents: boolean;
  readonly download: DownloadOptions;
  readonly signal: AbortSignal | undefined;
}

export interface FoundSources extends AsyncDisposable {
  readonly items: readonly Item[];
}

/**
 * Finds what sources name.
 *
 * @throws `ERR_DRAYAGE_FILE_NOT_FOUND`, `ERR_DRAYAGE_USAGE` and what `glob`, `isArchive` and `download` throw
 */
export async function findSources(sources: readonly string[], options: FindOptions): Promise<FoundSources> {
  for (const source of sources) refuseGit(source);
  const items: Item[] = [];
  const dispose = async (): Promise<void> => {
    for (const item of items) if (item.kind === "download") await item.download[Symbol.asyncDispose]();
  };
  try {
    for (const source of sources) {
      throwIfAborted(options.signal, "look for files");
      if (isRemote(source))
        items.push({ kind: "download", download: await download(source, options.download) });
      else items.push(...(await findLocal(source, options)));
    }
    if (items.length === 0) throw nothingMatches(sources, options.context);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { items, [Symbol.asyncDispose]: dispose };
}

async function findLocal(source: string, options: FindOptions): Promise<readonly LocalItem[]> {
  const { context, matcher } = options;
  if (source === "" || source.includes("\0")) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(source)} is no path of a source`);
  }
  const pattern = belowContext(source, context);
  const written = await glob(folderNames(context.root), pattern);
  if (written.length === 0 && !isPattern(pattern)) throw notThere(source, context);
  const pivot = options.parents ? pivotOf(source, context) : undefined;
  const items: LocalItem[] = [];
  const keep = statsKeeper();
  const breathe = createBreather(options.signal, "look for files");
  for (const path of written) {
    await breathe();
    const item = lookAt(path, { pivot, context, keep });
    if (!isWanted(item, matcher, context)) continue;
    refuseSocket(item, context);
    items.push(await asArchive(item, options));
  }
  // A pattern that nothing matches may stand beside sources that are there: `package.json yarn.lock*`.
  if (written.length > 0 && items.length === 0) throw allExcluded(source, written.length, options);
  return items;
}

function belowContext(source: string, { root, isMachine }: Context): ByteString {
  const bytes = (path: string): ByteString => byteStringOf(new TextEncoder().encode(path));
  if (isMachine) return pathBelow(bytes(resolve(source)));
  const inside = isAbsolute(source) ? relative(root, source) : source;
  // An absolute path that is none of the context's is one below it.
  return pathBelow(bytes(isAbsolute(source) && leads(inside) ? source : inside));
}

/** Whether a relative path leads up. */
function leads(path: string): boolean {
  return path === ".." || path.startsWith("../");
}

/** How many folders stand before a part `/./` of a source. */
function pivotOf(source: string, context: Context): number {
  const at = source.indexOf("/./");
  if (at === -1) return 0;
  return belowContext(source.slice(0, at + 1), context)
    .split("/")
    .filter((part) => part !== "").length;
}

function lookAt(
  written: ByteString,
  {
    pivot,
    context,
    keep,
  }: {
    readonly pivot: number | undefined;
    readonly context: Context;
    readonly keep: ReturnType<typeof statsKeeper>;
  },
): LocalItem {
  using place = locate(context.root, written, { follow: true });
  if (place === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_FILE_NOT_FOUND",
      `${shownPath(written, context)} is a link that leads nowhere ${describeContext(context)}`,
      {
        hint: context.isMachine
          ? undefined
          : "links lead no further than the context's folder, which is their /",
      },
    );
  }
  const { stats, path } = place;
  return { kind: stats.isDirectory() ? "tree" : "file", written, path, stats: keep(stats), pivot };
}

function refuseSocket({ written, stats }: LocalItem, context: Context): void {
  if (fileType(stats) !== "socket") return;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `${shownPath(written, context)} is a socket, which no image holds`,
    { hint: "leave it out of the sources; of a folder that is added, sockets are left out" },
  );
}

/** A path as patterns have it: below the context, or, where that is the machine, below the source. */
export function patternPath(path: ByteString, kind: LocalItem["kind"], { isMachine }: Context): string {
  if (!isMachine) return textOf(path);
  return kind === "tree" ? "" : textOf(path.slice(path.lastIndexOf("/") + 1));
}

export function isWanted(
  { kind, written, path }: LocalItem,
  matcher: IgnoreMatcher,
  context: Context,
): boolean {
  if (matcher.isEmpty) return true;
  return [written, path].every((one) => {
    const name = patternPath(one, kind, context);
    const state = matcher.stateOf(name);
    return !state.isExcluded || (kind === "tree" && matcher.mayInclude(name, state));
  });
}

async function asArchive(
  item: LocalItem,
  { context, expandArchives, signal }: FindOptions,
): Promise<LocalItem> {
  if (!expandArchives || fileType(item.stats) !== "file") return item;
  using place = locate(context.root, item.path, { follow: true });
  return place !== undefined && (await isArchive(place, signal)) ? { ...item, kind: "archive" } : item;
}

function notThere(source: string, context: Context): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_FILE_NOT_FOUND",
    `there is no ${JSON.stringify(source)} ${describeContext(context)}`,
    {
      hint: context.isMachine
        ? "relative paths start in the current folder"
        : "sources are paths below the context's folder, absolute ones too, and nothing outside of it is read",
    },
  );
}

function nothingMatches(sources: readonly string[], context: Context): DrayageError {
  const named = sources.map((source) => JSON.stringify(source)).join(" ");
  if (sources.length === 0) return new DrayageError("ERR_DRAYAGE_USAGE", "there is no source to add");
  return new DrayageError(
    "ERR_DRAYAGE_FILE_NOT_FOUND",
    `nothing ${describeContext(context)} matches ${named}`,
    {
      hint: "* and ? stand for no slash, and [ ] for one character; quote patterns so that no shell reads them",
    },
  );
}

function allExcluded(source: string, count: number, { ignoreFile }: FindOptions): DrayageError {
  const by = ignoreFile === undefined ? "what is to be excluded" : JSON.stringify(ignoreFile);
  return new DrayageError(
    "ERR_DRAYAGE_FILE_NOT_FOUND",
    `all that ${JSON.stringify(source)} names (${count}) is left out by ${by}`,
    { hint: "a line that starts with ! takes back what a line before it excludes" },
  );
}
