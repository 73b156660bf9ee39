import type { Digest } from "@drayage/digest";
import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import {
  chooseInstance,
  type Descriptor,
  type ImageIndex,
  indexDepthLimit,
  isImageMediaType,
  isIndexMediaType,
  manifestDigest,
  manifestLimit,
  parseManifest,
} from "@drayage/manifest";
import type { ImageSource, OperationOptions, RawManifest } from "@drayage/transport";
import { atPlace } from "./at-place.ts";
import { countManifests, requireDigest, tooLarge } from "./check-manifest.ts";
import { inParallel } from "./in-parallel.ts";
import type { CompositeOptions } from "./members.ts";
import type { OpenMember } from "./open-composite.ts";

/** What is known of the images of a composite. */
export interface KnownImages {
  readonly sources: readonly ImageSource[];
  readonly top: { readonly source: ImageSource; readonly digest: Digest; readonly manifest: RawManifest };
  /** The place of each manifest that was read. */
  readonly places: ReadonlyMap<Digest, Place>;
  /** The places of a config or a layer, the best first. */
  blobPlaces(digest: Digest): readonly ImageSource[];
  /** A manifest that a list names, or an image that was found otherwise. Throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`. */
  read(digest: Digest, options?: OperationOptions): Promise<RawManifest>;
  addBlob(digest: Digest, source: ImageSource): void;
  /** A manifest that was found to be at a place. */
  list(digest: Digest, source: ImageSource): void;
}

interface Place {
  readonly source: ImageSource;
  /** What to ask the place for: nothing for its own manifest. */
  readonly ask: Digest | undefined;
}

/** How many bytes of manifests are kept to be given again. */
const maximumKept = 32 * 1024 * 1024;

type Options = Pick<CompositeOptions, "select" | "platform"> & OperationOptions;

/** Reads the manifest of each place, and of the images of their lists those that are selected. The first place is the top. */
export async function readLists(open: readonly OpenMember[], options: Options): Promise<KnownImages> {
  const reader = new Reader(open.map(({ source }) => source));
  const own = await inParallel(open, async ({ source, member }) => {
    const document = await reader.fetch(source, undefined, { what: member.location.text, ...options });
    return { source, member, document, digest: manifestDigest(document.bytes) };
  });
  const [top, ...others] = own;
  if (top === undefined) throw new Error("a composite has a top");
  // The others before the top: what it lists is rather elsewhere.
  for (const queue of [others, [top]]) {
    const wanted: Wanted[] = [];
    for (const { source, document, digest } of queue) {
      reader.place(digest, { source, ask: undefined });
      wanted.push(...reader.add(document, digest, { source, depth: 0, ...options }));
    }
    for (const { source, member } of queue) {
      for (const digest of member.instances ?? []) reader.list(digest, source);
    }
    await reader.follow(wanted, options);
  }
  return reader.known({ source: top.source, digest: top.digest, manifest: top.document });
}

/** A manifest that is to be read. */
interface Wanted {
  readonly digest: Digest;
  readonly source: ImageSource;
  /** In how many lists it stands. */
  readonly depth: number;
}

class Reader {
  readonly #sources: readonly ImageSource[];
  readonly #places = new Map<Digest, Place>();
  /** Where a manifest may be that was not read. */
  readonly #listed = new Map<Digest, ImageSource[]>();
  readonly #blobs = new Map<Digest, Set<ImageSource>>();
  readonly #kept = new Map<Digest, RawManifest>();
  readonly #count = countManifests("the manifests of a composite");
  #bytesKept = 0;

  constructor(sources: readonly ImageSource[]) {
    this.#sources = sources;
  }

  async fetch(
    source: ImageSource,
    digest: Digest | undefined,
    { what, signal }: OperationOptions & { readonly what: string },
  ): Promise<RawManifest> {
    throwIfAborted(signal, `read ${what}`);
    const document = await this.#ask(source, digest, { what, signal });
    const { length } = document.bytes;
    if (length > manifestLimit) throw tooLarge(`the manifest of ${what} has ${length} bytes`, manifestLimit);
    this.#count(document);
    if (digest !== undefined) requireDigest(document, digest, what);
    return document;
  }

  async #ask(
    source: ImageSource,
    digest: Digest | undefined,
    { what, signal }: OperationOptions & { readonly what: string },
  ): Promise<RawManifest> {
    try {
      return await source.manifest(digest, { signal });
    } catch (error) {
      throw atPlace(what, error);
    }
  }

  place(digest: Digest, place: Place): void {
    if (!this.#places.has(digest)) this.#places.set(digest, place);
  }

  list(digest: Digest, source: ImageSource): void {
    const sources = this.#listed.get(digest);
    if (sources === undefined) this.#listed.set(digest, [source]);
    else if (!sources.includes(source)) sources.push(source);
  }

  addBlob(digest: Digest, source: ImageSource): void {
    const sources = this.#blobs.get(digest) ?? new Set();
    sources.add(source);
    this.#blobs.set(digest, sources);
  }

  /** Takes note of a manifest and what it names. Returns what has to be read next. */
  add(
    document: RawManifest,
    digest: Digest,
    { source, depth, ...options }: Options & { readonly source: ImageSource; readonly depth: number },
  ): readonly Wanted[] {
    this.#keep(digest, document);
    // A list may name what is neither image nor list: such a document names nothing that is known.
    if (!isImageMediaType(document.mediaType) && !isIndexMediaType(document.mediaType)) return [];
    const parsed = parseManifest(document.bytes, document.mediaType);
    if (parsed.kind === "image") {
      for (const blob of [...(parsed.config === undefined ? [] : [parsed.config]), ...parsed.layers]) {
        this.addBlob(blob.digest, source);
      }
      return [];
    }
    if (depth >= indexDepthLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `indexes stand in indexes more than ${indexDepthLimit} times`,
      );
    }
    for (const entry of parsed.manifests) this.list(entry.digest, source);
    return selected(parsed, options).map((entry) => ({ digest: entry.digest, source, depth: depth + 1 }));
  }

  /** Reads manifests, and those that they name, a level after the other, so that the first place in the order has each. */
  async follow(wanted: readonly Wanted[], options: Options): Promise<void> {
    let level = wanted;
    while (level.length > 0) {
      const news = new Map<Digest, Wanted>();
      for (const each of level) {
        if (!this.#places.has(each.digest) && !news.has(each.digest)) news.set(each.digest, each);
      }
      const read = await inParallel([...news.values()], async (each) => {
        const [place, document] = await this.#look(each.digest, options);
        return { ...each, ...place, document };
      });
      level = read.flatMap(({ digest, source, ask, depth, document }) => {
        this.place(digest, { source, ask });
        return this.add(document, digest, { ...options, source, depth });
      });
    }
  }

  /** Asks the places that may have a manifest, one after the other. */
  async #look(digest: Digest, options: OperationOptions): Promise<readonly [Place, RawManifest]> {
    const missing: unknown[] = [];
    for (const source of this.#listed.get(digest) ?? []) {
      try {
        const document = await this.fetch(source, digest, { what: source.reference.text, ...options });
        return [{ source, ask: digest }, document];
      } catch (error) {
        throwIfAborted(options.signal, `read the manifest ${digest}`);
        if (!isNotFound(error)) throw error;
        missing.push(error);
      }
    }
    throw unknownManifest(digest, missing);
  }

  #keep(digest: Digest, document: RawManifest): void {
    this.#bytesKept += document.bytes.length;
    if (this.#bytesKept <= maximumKept) this.#kept.set(digest, document);
  }

  async #read(digest: Digest, options: OperationOptions = {}): Promise<RawManifest> {
    throwIfAborted(options.signal, `read the manifest ${digest}`);
    const kept = this.#kept.get(digest);
    if (kept !== undefined) return kept;
    const place = this.#places.get(digest);
    if (place === undefined) {
      const [found, document] = await this.#look(digest, options);
      this.place(digest, found);
      // What it lists is looked for when it is asked for.
      this.add(document, digest, { source: found.source, depth: 0, select: { instances: [] } });
      return document;
    }
    const document = await place.source.manifest(place.ask, options);
    // Behind a tag there may be another image by now.
    requireDigest(document, digest, place.source.reference.text);
    return document;
  }

  known(top: KnownImages["top"]): KnownImages {
    return {
      top,
      sources: this.#sources,
      places: this.#places,
      blobPlaces: (digest) =>
        [...(this.#blobs.get(digest) ?? [])].sort(
          (a, b) => Number(a.remote ?? false) - Number(b.remote ?? false),
        ),
      read: (digest, options) => this.#read(digest, options),
      addBlob: (digest, source) => this.addBlob(digest, source),
      list: (digest, source) => this.list(digest, source),
    };
  }
}

/** The entries of a list that have to be there. */
function selected(index: ImageIndex, { select = "all", platform }: Options): readonly Descriptor[] {
  if (select === "all") return index.manifests;
  if (select !== "system") return index.manifests.filter(({ digest }) => select.instances.includes(digest));
  const images = index.manifests.filter(({ mediaType }) => !isIndexMediaType(mediaType));
  const nested = index.manifests.filter(({ mediaType }) => isIndexMediaType(mediaType));
  try {
    const artifacts = nested.length > 0 ? false : undefined;
    return [chooseInstance({ ...index, manifests: images }, { platform, artifacts })];
  } catch (error) {
    // One of the lists within it may have an image that suits.
    if (nested.length > 0) return nested;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return (
    isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND") ||
    isDrayageError(error, "ERR_DRAYAGE_BLOB_NOT_FOUND") ||
    isDrayageError(error, "ERR_DRAYAGE_REPOSITORY_NOT_FOUND")
  );
}

function unknownManifest(digest: Digest, errors: readonly unknown[]): DrayageError {
  const [first] = errors;
  const [cause] = errors.length > 1 ? [new AggregateError(errors)] : errors;
  const why = first instanceof Error ? `: ${first.message}` : "";
  return new DrayageError(
    "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    `none of the places has the manifest ${digest}${why}`,
    { cause },
  );
}
