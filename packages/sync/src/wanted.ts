import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { formatName, type ImageName } from "./names.ts";
import type { TagFilter } from "./tag-filter.ts";

/** What a sync wants one repository of the destination to have. */
export interface WantedRepository {
  readonly repository: string;
  /** The tags that are written there, with the repository that each comes from. */
  readonly tags: Map<string, string>;
  readonly digests: Set<Digest>;
  /** What is known of the sources, for deleting what they do not have. */
  readonly known: KnownSource[];
  /** Something there failed, or could not be listed. */
  failed: boolean;
}

export interface KnownSource {
  readonly tags: ReadonlySet<string>;
  readonly accepts: TagFilter;
  /** Appended to the source's tags. */
  readonly suffix: string;
}

/** Keeps what goes where, so that no two images are written to one place. */
export class Wanted {
  readonly #repositories = new Map<string, WantedRepository>();

  repository(name: string): WantedRepository {
    const known = this.#repositories.get(name);
    if (known !== undefined) return known;
    const made = { repository: name, tags: new Map(), digests: new Set<Digest>(), known: [], failed: false };
    this.#repositories.set(name, made);
    return made;
  }

  /**
   * Notes an image. False where the same image goes there already.
   *
   * @throws ERR_DRAYAGE_USAGE where another one does
   */
  add(source: ImageName, target: ImageName): boolean {
    const wanted = this.repository(target.repository);
    const { digest, tag } = target;
    if (tag === undefined && digest !== undefined) {
      const isNew = !wanted.digests.has(digest);
      wanted.digests.add(digest);
      return isNew;
    }
    const key = tag ?? "latest";
    const other = wanted.tags.get(key);
    // Two digests of one repository may be given the same tag only by their user.
    const from = digest === undefined ? source.repository : formatName(source);
    if (other === from) return false;
    if (other !== undefined) throw clash({ source, target, other });
    wanted.tags.set(key, from);
    return true;
  }

  all(): Iterable<WantedRepository> {
    return this.#repositories.values();
  }
}

function clash({
  source,
  target,
  other,
}: {
  readonly source: ImageName;
  readonly target: ImageName;
  readonly other: string;
}): DrayageError {
  const both = `${formatName(source)} and one of ${other}`;
  return new DrayageError("ERR_DRAYAGE_USAGE", `${both} would both become ${formatName(target)}`, {
    hint: "keep the whole names with --scoped, or tell them apart with --rename",
  });
}
