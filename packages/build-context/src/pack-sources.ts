import { DrayageError } from "@drayage/errors";
import { fileType } from "@drayage/pack";
import { addedRoot } from "./added-root.ts";
import { type Destination, findDestination } from "./layer/destination.ts";
import type { EntryChanges } from "./layer/entry-settings.ts";
import { plan } from "./layer/plan.ts";
import { type Group, isFolder } from "./layer/planned.ts";
import { writeLayer } from "./layer/write-layer.ts";
import { layerKey } from "./layer-cache/key.ts";
import type {
  AddedFacts,
  ListingOptions,
  PackedSources,
  PackSourcesOptions,
  SourceListing,
  SourceOptions,
} from "./options.ts";
import { ignoreLine } from "./patterns/ignore-file.ts";
import { type IgnoreMatcher, ignoreMatcher } from "./patterns/ignore-matcher.ts";
import { emptyRoot, type RootEntry, type RootView } from "./root-view.ts";
import { entryChanges, layerSettings } from "./settings.ts";
import { type Context, contextOf, ignorePatterns } from "./sources/context.ts";
import { isRemote } from "./sources/download.ts";
import { type FoundSources, findSources } from "./sources/find-sources.ts";

/**
 * Finds sources by ADD's and COPY's rules and says where they go, to be packed as a layer. Nothing but ignore files, the heads of archives
 * and what is downloaded is read before `tar()` is.
 *
 * @param sources paths, patterns (`filepath.Match` of Go), or URLs (http, https)
 * @param destination a folder where it ends in a slash, where the root has one there, or where sources are several, a folder or an archive
 * to be expanded; else the file's new name. Relative to the working folder.
 * @throws `ERR_DRAYAGE_USAGE`, `ERR_DRAYAGE_FILE_NOT_FOUND` where nothing matches or all is excluded, `ERR_DRAYAGE_OWNER_NOT_FOUND`,
 * `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_CONNECTION`, `ERR_DRAYAGE_DIGEST_MISMATCH`, `ERR_DRAYAGE_LIMIT_EXCEEDED`, `ERR_DRAYAGE_ABORTED`
 */
export async function packSources(
  sources: readonly string[],
  destination: string,
  options: PackSourcesOptions = {},
): Promise<PackedSources> {
  const prepared = await prepare(sources, destination, { ...options, root: options.root ?? emptyRoot });
  let facts: AddedFacts | undefined;
  return {
    destination: prepared.destination.text,
    owner: prepared.changes.owner,
    async *tar(tarOptions = {}) {
      const { borrow = false, contentDigest = true, signal } = tarOptions;
      yield* writeLayer({
        ...prepared,
        items: prepared.found.items,
        groups: await prepared.groups(signal),
        settings: layerSettings(prepared.changes, tarOptions),
        form: "layer",
        isDigestWanted: contentDigest,
        isDigestPortable: options.portableDigest === true,
        borrow,
        signal,
        onEnd: (known) => {
          facts = known;
        },
      });
    },
    facts() {
      if (facts === undefined)
        throw new TypeError("what was added is known once the tar was read to its end");
      return facts;
    },
    listing: (listingOptions) => list(prepared, listingOptions),
    addedTo: (root) => addedRoot(prepared, root, () => list(prepared)),
    [Symbol.asyncDispose]: () => prepared.found[Symbol.asyncDispose](),
  };
}

/** Sources that were found, and all that is known of how they are added. */
export interface Prepared {
  readonly context: Context;
  readonly matcher: IgnoreMatcher;
  readonly root: RootView;
  readonly found: FoundSources;
  readonly destination: Destination;
  readonly changes: EntryChanges;
  readonly entryLimit: number;
  /** When the first file was looked at: milliseconds since 1970. */
  readonly began: number;
  /** All that is to be added; looked for once. */
  groups(signal: AbortSignal | undefined): Promise<readonly Group[]>;
}

/** @throws as {@link packSources} */
export async function prepare(
  sources: readonly string[],
  destination: string,
  options: SourceOptions & { readonly root: RootView },
): Promise<Prepared> {
  const { root, workingDir = "/", limits = {}, signal } = options;
  requireOneUrl(sources, options);
  const changes = await entryChanges(options, root);
  const context = contextOf(options.contextDir);
  const { matcher, path: ignoreFile } = await matcherOf(context, options);
  const parents = options.parents ?? false;
  const entryLimit = limits.entries ?? 5_000_000;
  const began = Date.now();
  const found = await findSources(sources, {
    context,
    matcher,
    ignoreFile,
    expandArchives: options.expandArchives ?? false,
    parents,
    download: {
      checksum: options.checksum,
      http: options.http,
      retries: options.retries,
      limit: limits.downloadBytes ?? 64 * 1024 ** 3,
      signal,
    },
    signal,
  });
  try {
    const sourceCount = sources.length;
    const place = await findDestination(destination, {
      root,
      workingDir,
      sourceCount,
      items: found.items,
      parents,
    });
    const { onWarning } = options;
    const planning = { context, matcher, rename: place.rename, entryLimit, onWarning };
    let groups: Promise<readonly Group[]> | undefined;
    return {
      context,
      matcher,
      root,
      found,
      destination: place,
      changes,
      entryLimit,
      began,
      async groups(asked) {
        const planned = groups ?? plan(found.items, { ...planning, signal: asked });
        groups = planned;
        try {
          return await planned;
        } catch (error) {
          if (groups === planned) groups = undefined;
          throw error;
        }
      },
    };
  } catch (error) {
    await found[Symbol.asyncDispose]();
    throw error;
  }
}

function requireOneUrl(sources: readonly string[], { checksum }: SourceOptions): void {
  if (checksum === undefined || (sources.length === 1 && isRemote(sources[0] ?? ""))) return;
  throw new DrayageError("ERR_DRAYAGE_USAGE", "a checksum is that of one source, a URL", {
    hint: "add other sources by themselves",
  });
}

export async function matcherOf(
  context: Context,
  { ignoreFile, exclude = [], limits = {} }: SourceOptions,
): Promise<{ readonly matcher: IgnoreMatcher; readonly path: string | undefined }> {
  const limit = limits.ignoreFileBytes ?? 4 * 1024 * 1024;
  const { patterns, path } = await ignorePatterns(context, { ignoreFile, limit });
  const more = exclude.map(ignoreLine).filter((line) => line !== undefined);
  return { matcher: ignoreMatcher([...patterns, ...more]), path };
}

async function list(
  { found, destination, changes, groups, context, began, root }: Prepared,
  { signal, settings }: ListingOptions = {},
): Promise<SourceListing> {
  const { items } = found;
  const told = items.map((item) =>
    item.kind === "download"
      ? [item.kind, item.download.name, item.download.digest, item.download.mtime]
      : [item.kind, item.written, item.pivot],
  );
  const planned = await groups(signal);
  const identity = planned.some(asksRoot) ? ((await root.identity?.()) ?? null) : undefined;
  const builder = layerKey(
    {
      items: told,
      destination: plainDestination(destination),
      ...{ changes, context: context.root, settings, identity },
    },
    began,
  );
  let entries = 0;
  let bytes = 0;
  for (const group of planned) {
    if (group.kind === "archive") {
      const item = items[group.item];
      if (item === undefined || item.kind === "download") continue;
      entries += 1;
      bytes += Number(item.stats.size);
      builder.add(`${group.item}`, item.stats);
      continue;
    }
    for (const { item, name, stats, isKept } of group.entries) {
      if (!isKept) continue;
      entries += 1;
      if (stats !== undefined) builder.add(`${item}:${name}`, stats);
      if (stats !== undefined && fileType(stats) === "file") bytes += Number(stats.size);
    }
  }
  for (const item of items) if (item.kind === "download") bytes += item.download.size;
  const key = builder.finish();
  return { key: { ...key, settled: key.settled && identity !== null }, entries, bytes };
}

/** Whether the root is asked, while they are written, for folders that nobody knew of before. */
function asksRoot(group: Group): boolean {
  if (group.kind === "archive") return true;
  const folders = new Set<string>([""]);
  return group.entries.some((planned) => {
    const { name, isKept } = planned;
    if (!isKept) return false;
    if (isFolder(planned)) folders.add(name);
    return !folders.has(name.slice(0, Math.max(0, name.lastIndexOf("/"))));
  });
}

/** As JSON has it. */
export function plainDestination({ leading, ...destination }: Destination): unknown {
  const xattrsOf = (entry: RootEntry | undefined): unknown =>
    [...(entry?.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
  return { ...destination, leading: leading.map((one) => [one, xattrsOf(one.entry)]) };
}
