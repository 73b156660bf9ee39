import { DrayageError } from "@drayage/errors";
import { type ByteString, createBreather, type FileStats, statsKeeper } from "@drayage/pack";
import type { IgnoreMatcher } from "../patterns/ignore-matcher.ts";
import { type Context, shownPath } from "../sources/context.ts";
import { type Item, type LocalItem, patternPath } from "../sources/find-sources.ts";
import { locate } from "../sources/locate.ts";
import { walk } from "../sources/walk.ts";
import type { Group, Planned } from "./planned.ts";
import { inOrder } from "./precedence.ts";

export interface PlanOptions {
  readonly context: Context;
  readonly matcher: IgnoreMatcher;
  /** The name that the one file gets. */
  readonly rename: ByteString | undefined;
  readonly entryLimit: number;
  readonly onWarning: ((sentence: string) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** All that the items have, without reading a file. @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_LIMIT_EXCEEDED`, `ERR_DRAYAGE_ABORTED` */
export async function plan(items: readonly Item[], options: PlanOptions): Promise<readonly Group[]> {
  const groups: Group[] = [];
  let files: Planned[][] = [];
  let left = options.entryLimit;
  const flush = (): void => {
    if (files.length > 0) groups.push({ kind: "files", entries: inOrder(files) });
    files = [];
  };
  for (const [index, item] of items.entries()) {
    if (item.kind === "archive") {
      flush();
      groups.push({ kind: "archive", item: index });
      continue;
    }
    const entries = await entriesOf(item, index, { ...options, entryLimit: left });
    left -= entries.length;
    if (left < 0) throw tooMany();
    files.push(entries);
  }
  flush();
  return groups;
}

async function entriesOf(item: Item, index: number, options: PlanOptions): Promise<Planned[]> {
  const { rename } = options;
  const keep = statsKeeper();
  const planned = (name: ByteString, source: ByteString, stats: FileStats | undefined): Planned => {
    return { item: index, name, source, stats: stats && keep(stats), isKept: true };
  };
  if (item.kind === "download") {
    const name = Buffer.from(item.download.name).toString("latin1");
    return [planned(rename ?? name, "", undefined)];
  }
  const entries: Planned[] = [];
  const prefix = keptFolders(item);
  for (const { path, stats, name } of parentsOf(item, options.context))
    entries.push(planned(name, path, stats));
  if (item.kind === "file") {
    const base = item.written.slice(item.written.lastIndexOf("/") + 1);
    entries.push(planned(rename ?? `${prefix}${base}`, item.path, item.stats));
    return entries;
  }
  const breathe = createBreather(options.signal, "look through a folder");
  using place = locate(options.context.root, item.path, { follow: true });
  const folder = place?.folder.folder(place.name);
  if (folder === undefined) return entries;
  const outer = item.path === "" ? "" : `${item.path}/`;
  const base = patternPath(item.path, "tree", options.context);
  const onSocket = (path: ByteString): void => {
    const shown = shownPath(`${outer}${path}`, options.context);
    options.onWarning?.(`${shown} is a socket, which no image holds, and is left out`);
  };
  for (const batch of walk(folder, { matcher: options.matcher, path: base, onSocket })) {
    for (const { path, stats } of batch) entries.push(planned(`${prefix}${path}`, `${outer}${path}`, stats));
    if (entries.length > options.entryLimit) throw tooMany();
    await breathe();
  }
  return entries;
}

/** The folders that a source keeps (`--parents`), with a slash at their end; empty where it keeps none. */
export function keptFolders({ kind, written, pivot }: LocalItem): ByteString {
  if (pivot === undefined) return "";
  const parts = written.split("/").slice(pivot);
  if (kind !== "tree") parts.pop();
  return parts.map((part) => `${part}/`).join("");
}

/** The folders that a source keeps, where they are, and what they are called below the destination. */
export function* parentsOf(
  item: LocalItem,
  { root }: Context,
): Generator<{ readonly path: ByteString; readonly name: ByteString; readonly stats: FileStats }> {
  if (item.pivot === undefined) return;
  const parts = item.written.split("/");
  const count = parts.length - (item.kind === "tree" ? 0 : 1);
  for (let end = item.pivot + 1; end <= count; end++) {
    using place = locate(root, parts.slice(0, end).join("/"), { follow: true });
    if (place?.stats.isDirectory() !== true) continue;
    yield { path: place.path, name: parts.slice(item.pivot, end).join("/"), stats: place.stats };
  }
}

function tooMany(): DrayageError {
  return new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", "there are more files to add than are accepted");
}
