import type { Digest } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { type Descriptor, isIndexMediaType, parseManifest } from "@drayage/manifest";
import { type DestinationOptions, type Location, requireAbility, resolveImage } from "@drayage/transport";
import type { DestinationTags, SyncDestination } from "./destination.ts";
import { isReferrersTag, isTag } from "./names.ts";
import type { SyncRun } from "./sync-run.ts";
import type { WantedRepository } from "./wanted.ts";

/**
 * Deletes the tags of a repository that no source has. A tag is deleted only if all of this holds:
 *
 * - all tags of a source of the repository were listed, and that source has some;
 * - the tag (without the suffix that the sync appends) is one that the filters would have let through;
 * - no source of the repository has it, and nothing was copied to it;
 * - nothing of the repository failed.
 *
 * Where the place can only delete manifests, the manifest goes only if no other tag names it, directly or in an index.
 */
export async function pruneRepository(
  wanted: WantedRepository,
  run: SyncRun,
  { isPlan }: PruneOptions,
): Promise<void> {
  const { destination, signal } = run;
  const { repository } = wanted;
  const { tags } = destination;
  if (tags === undefined || wanted.known.length === 0) return;
  if (wanted.failed) {
    run.tell({
      type: "warning",
      message: `${repository}: nothing is deleted there, because not all of it was synced`,
    });
    return;
  }
  const known = wanted.known.filter((source) => source.tags.size > 0);
  if (known.length < wanted.known.length) {
    run.tell({
      type: "warning",
      message: `${repository}: nothing is deleted there, because its source has no tags at all`,
    });
    return;
  }
  const there = await tags.list(repository, { signal });
  const surplus = there.filter((tag) => isSurplus(tag, wanted));
  if (surplus.length === 0) return;
  const remover = new Remover({ wanted, destination, tags, signal, there, surplus, isPlan });
  for (const tag of surplus) {
    const place = destination.locate({ repository, tag }).text;
    try {
      if (isPlan) {
        run.tell({ type: "prune", state: "delete", place, reason: await remover.reasonToStay(tag) });
        continue;
      }
      const reason = await remover.remove(tag);
      run.tell({ type: "prune", state: reason === undefined ? "deleted" : "kept", place, reason });
    } catch (error) {
      if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
      run.tell({ type: "prune", state: "failed", place, error });
    }
  }
}

interface PruneOptions {
  readonly isPlan: boolean;
}

function isSurplus(tag: string, { tags, known }: WantedRepository): boolean {
  // The destination's own lists of referrers are unknown to a source with the referrers API.
  if (tags.has(tag) || !isTag(tag) || isReferrersTag(tag)) return false;
  let isOurs = false;
  for (const source of known) {
    if (!tag.endsWith(source.suffix)) continue;
    const plain = tag.slice(0, tag.length - source.suffix.length);
    if (source.tags.has(plain)) return false;
    isOurs ||= isTag(plain) && source.accepts(plain);
  }
  return isOurs;
}

interface RemoverInput {
  readonly wanted: WantedRepository;
  readonly destination: SyncDestination;
  readonly tags: DestinationTags;
  readonly signal: AbortSignal;
  readonly there: readonly string[];
  readonly surplus: readonly string[];
  readonly isPlan: boolean;
}

/** Deletes tags, by their manifests where there is no other way, and never one that is still needed. */
class Remover {
  readonly #input: RemoverInput;
  #onlyManifests = false;
  #needed: Promise<ReadonlySet<Digest>> | undefined;
  readonly #gone = new Set<Digest>();

  constructor(input: RemoverInput) {
    this.#input = input;
  }

  /** Why the tag was kept, if it was. */
  async remove(tag: string): Promise<string | undefined> {
    const { tags, wanted, signal } = this.#input;
    if (!this.#onlyManifests) {
      if (await tags.delete({ repository: wanted.repository, tag }, { signal })) return undefined;
      this.#onlyManifests = true;
    }
    return this.#removeManifest(tag);
  }

  /** Why the tag would be kept where only whole manifests can be deleted. Whether that is so, only a deletion shows. */
  async reasonToStay(tag: string): Promise<string | undefined> {
    const digest = await this.#digestOf(tag);
    return digest === undefined ? undefined : this.#reasonFor(tag, digest);
  }

  async #removeManifest(tag: string): Promise<string | undefined> {
    const digest = await this.#digestOf(tag);
    if (digest === undefined || this.#gone.has(digest)) return undefined;
    const reason = await this.#reasonFor(tag, digest);
    if (reason !== undefined) return reason;
    const { transport, reference } = this.#locate(tag);
    await requireAbility(transport, "deleteImage").deleteImage(reference, this.#options());
    this.#gone.add(digest);
    return undefined;
  }

  async #reasonFor(tag: string, digest: Digest): Promise<string | undefined> {
    this.#needed ??= this.#findNeeded();
    if ((await this.#needed).has(digest)) return `${digest} is also that of an image that stays`;
    if (await hasSubject(this.#locate(tag), this.#options())) return `${digest} refers to another image`;
    return undefined;
  }

  /** Undefined where it went with another tag of the same manifest. */
  async #digestOf(tag: string): Promise<Digest | undefined> {
    const { transport, reference } = this.#locate(tag);
    try {
      return (await resolveImage(transport, reference, this.#options())).digest;
    } catch (error) {
      if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /** The manifests of all tags that stay, and all that stand in their indexes. Throws where one cannot be read. */
  async #findNeeded(): Promise<ReadonlySet<Digest>> {
    const { there, surplus, wanted } = this.#input;
    const going = new Set(surplus);
    const needed = new Set<Digest>(wanted.digests);
    const staying = [
      ...there.filter((tag) => !going.has(tag)).map((tag) => this.#locate(tag)),
      ...[...wanted.digests].map((digest) => this.#locate(undefined, digest)),
    ];
    const described = new Set<Digest>();
    for (const location of staying) {
      const descriptor = await this.#describe(location);
      if (descriptor === undefined) continue;
      const isKnown = described.has(descriptor.digest);
      described.add(descriptor.digest);
      needed.add(descriptor.digest);
      if (!isKnown && isIndexMediaType(descriptor.mediaType))
        await addMembers(location, needed, this.#options());
    }
    return needed;
  }

  /** In a plan, what is yet to be copied is not there. */
  async #describe({ transport, reference }: Location): Promise<Descriptor | undefined> {
    try {
      return await resolveImage(transport, reference, this.#options());
    } catch (error) {
      if (this.#input.isPlan && isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  #locate(tag: string | undefined, digest?: Digest): Location {
    const { destination, wanted } = this.#input;
    return destination.locate({ repository: wanted.repository, tag, digest });
  }

  #options(): DestinationOptions {
    const { destination, signal } = this.#input;
    return { ...destination.destinationOptions, signal };
  }
}

async function hasSubject({ transport, reference }: Location, options: DestinationOptions): Promise<boolean> {
  await using source = await requireAbility(transport, "openSource").openSource(reference, options);
  const { bytes, mediaType } = await source.manifest(undefined, options);
  return parseManifest(bytes, mediaType).subject !== undefined;
}

const memberLimit = 100_000;

async function addMembers(
  { transport, reference, text }: Location,
  needed: Set<Digest>,
  options: DestinationOptions,
): Promise<void> {
  await using source = await requireAbility(transport, "openSource").openSource(reference, options);
  const waiting: (Digest | undefined)[] = [undefined];
  while (waiting.length > 0) {
    const { bytes, mediaType } = await source.manifest(waiting.pop(), options);
    const parsed = parseManifest(bytes, mediaType);
    if (parsed.kind !== "index") continue;
    for (const member of parsed.manifests) {
      if (needed.has(member.digest)) continue;
      needed.add(member.digest);
      if (needed.size > memberLimit) {
        throw new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", `${text}: more than ${memberLimit} manifests`);
      }
      if (isIndexMediaType(member.mediaType)) waiting.push(member.digest);
    }
  }
}
