import { isDrayageError } from "@drayage/errors";
import type { OperationOptions } from "@drayage/transport";
import { failureAt } from "./failure.ts";
import { type ImageName, isReferrersTag } from "./names.ts";
import { createNaming } from "./naming.ts";
import type { SyncInput } from "./options.ts";
import type { RepositoryListing, SourceRepository } from "./source.ts";
import type { ImageTask } from "./sync-image.ts";
import type { Wanted, WantedRepository } from "./wanted.ts";

/** One image to sync, and what else is known of where it comes from. */
export interface QueuedImage {
  readonly source: ImageName;
  readonly repository: SourceRepository;
  readonly wanted: WantedRepository;
  /** Whether the repository has a tag, where all of its tags are known. */
  readonly hasTag: ((tag: string) => boolean) | undefined;
  /** Made when its turn has come. Throws what the ends' naming throws. */
  task(): ImageTask;
}

export interface Listed {
  repositories: number;
  unlisted: number;
}

/** All images, one repository after the other, each listed when the one before it is through. */
export async function* queueImages(
  input: SyncInput,
  { wanted, listed, signal }: { readonly wanted: Wanted; readonly listed: Listed } & OperationOptions,
): AsyncGenerator<QueuedImage, void> {
  const naming = input.naming ?? createNaming({});
  for await (const repository of input.source.repositories({ signal })) {
    const { text } = repository;
    input.onEvent?.({ type: "repository", state: "listing", repository: text });
    let listing: RepositoryListing;
    try {
      listing = await repository.list({ signal });
    } catch (error) {
      wanted.repository(naming({ repository: repository.name }).repository).failed = true;
      if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
      const goesOn = input.keepGoing === true || input.unlisted === "skip";
      if (!goesOn) throw failureAt(text, error, "source");
      if (input.unlisted !== "skip") listed.unlisted += 1;
      input.onEvent?.({ type: "repository", state: "failed", repository: text, error });
      continue;
    }
    const { tags } = listing;
    // With its image comes what refers to it: the lists need no turn of their own, unless they are named.
    const hasOwnTurn = ({ tag = "" }: ImageName): boolean =>
      input.referrers !== true || tags === undefined || !isReferrersTag(tag);
    const names = listing.names.filter(hasOwnTurn);
    input.onEvent?.({ type: "repository", state: "listed", repository: text, images: names.length });
    if (names.length > 0) listed.repositories += 1;
    const sets = new Map<string, ReadonlySet<string>>();
    for (const [name, all] of tags?.byRepository ?? []) {
      const set = new Set(all);
      sets.set(name, set);
      if (tags === undefined || input.prune !== true) continue;
      const { repository: target, tag = "" } = naming({ repository: name, tag: "x" });
      wanted.repository(target).known.push({ tags: set, accepts: tags.accepts, suffix: tag.slice(1) });
    }
    for (const [index, name] of names.entries()) {
      const target = naming(name);
      if (!wanted.add(name, target)) continue;
      const known = sets.get(name.repository);
      yield {
        source: name,
        repository,
        wanted: wanted.repository(target.repository),
        hasTag: known && ((tag) => known.has(tag)),
        task: () => ({
          from: repository.locate(name),
          to: input.destination.locate(target),
          target,
          sourceOptions: repository.sourceOptions,
          copy: input.copy ?? {},
          kind: "image",
          index,
          of: names.length,
        }),
      };
    }
  }
}
