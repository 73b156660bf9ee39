import { type Blob, bytesBlob } from "@drayage/blob";
import type { CopyOptions } from "@drayage/copy";
import { type Digest, digestBytes, isDigest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import {
  type Annotations,
  type Descriptor,
  encodeDockerList,
  encodeDockerManifest,
  encodeOciIndex,
  encodeOciManifest,
  formatPlatform,
  type ImageIndex,
  type ImageManifest,
  indexDepthLimit,
  indexParts,
  isIndexMediaType,
  manifestDigest,
  manifestParts,
  mediaTypes,
  type Platform,
  parseImageIndex,
  parseImageManifest,
  parsePlatform,
} from "@drayage/manifest";
import { derivedSource, type ImageSource, type OperationOptions, type RawManifest } from "@drayage/transport";
import { type ImageReport, reportOf } from "./differences.ts";
import { type EditableImage, type ImageEdit, readEditable } from "./image.ts";
import { joinedSource, type OtherImage } from "./joined-source.ts";
import { noAnnotations, noIndex } from "./no-place.ts";
import { entryAfter, suits } from "./platforms.ts";
import { changedTexts, type TextChanges } from "./text-changes.ts";

/** Which images are edited: all, or those for these platforms (`linux/arm64`). */
export type EditedPlatforms = "all" | readonly (Platform | string)[];

export interface EditOptions extends OperationOptions {
  /** `all` where absent. All that are named have to be there; an image that stands alone has to be for one that is named. */
  readonly platforms?: EditedPlatforms | undefined;
  /**
   * What becomes of attestations (and of all else in the index that refers to an image) whose image is another after the edit: they tell of
   * bytes that the index no longer names. `drop`, the default, with a warning; or `keep`.
   */
  readonly attestations?: "drop" | "keep" | undefined;
  /** Annotations of the index. */
  readonly index?: TextChanges | undefined;
  /** Asked before a manifest of the source is parsed, as `admit` of `copyImage`: what it throws ends the edit. */
  readonly admit?: CopyOptions["admit"] | undefined;
  /** Told once of each thing that the user should know. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** An image, or index, that is another one edited. Disposing of it deletes temporary files; the source stays open. */
export interface Edited extends AsyncDisposable {
  /** What can be copied anywhere: `copyImage` of @drayage/copy with `platforms: "all"`. It reads from the source that was edited. */
  readonly source: ImageSource;
  /** Of the manifest or index. */
  readonly digest: Digest;
  /** Each image that was asked for, in the index's order. */
  readonly images: readonly ImageReport[];
  /** Whether the source has no such manifest, since the edit made it. */
  isNew(digest: Digest): boolean;
}

/** Edits one image. Undefined: it stays as it is. */
export type EditImage = (image: EditableImage) => Promise<ImageEdit | undefined>;

/**
 * Edits the image, or the images of an index that are asked for. Reads manifests and configs, and of layers what the edit reads.
 * An index stays one, with all that was not asked for.
 *
 * @param close called when the result is disposed of
 */
export async function editSource(
  source: ImageSource,
  edit: EditImage,
  options: EditOptions & { readonly close?: (() => Promise<void>) | undefined } = {},
): Promise<Edited> {
  const editor = new Editor(source, edit, options);
  const top = await source.manifest(undefined, options);
  const forIndex = changedTexts(undefined, options.index, "an annotation");
  if (forIndex !== undefined && !isIndexMediaType(top.mediaType)) throw noIndex("index");
  const root = await editor.document({
    document: top,
    digest: manifestDigest(top.bytes),
    entry: undefined,
    depth: 0,
  });
  editor.requireFound();
  const edited = derivedSource({
    reference: source.reference,
    manifest: root.document,
    instances: editor.instances,
    blobs: editor.blobs,
    base: joinedSource(source, editor.others),
    baseImages: [...editor.baseImages, ...editor.others.map(({ manifest }) => manifest)],
  });
  return {
    source: edited,
    digest: root.digest,
    images: editor.reports,
    isNew: (digest) => editor.instances.has(digest),
    async [Symbol.asyncDispose]() {
      await options.close?.();
    },
  };
}

interface Document {
  readonly document: RawManifest;
  readonly digest: Digest;
  readonly entry: Descriptor | undefined;
  readonly depth: number;
}

interface EditedDocument {
  readonly document: RawManifest;
  readonly digest: Digest;
  /** What the index is to say of it. */
  readonly entry?: Descriptor | undefined;
}

class Editor {
  readonly instances: Map<Digest, RawManifest> = new Map();
  readonly blobs: Map<Digest, Blob> = new Map();
  readonly baseImages: ImageManifest[] = [];
  readonly others: OtherImage[] = [];
  readonly reports: ImageReport[] = [];
  readonly #source: ImageSource;
  readonly #edit: EditImage;
  readonly #options: EditOptions;
  readonly #wanted: readonly Platform[] | undefined;
  readonly #found = new Set<Platform>();
  readonly #there = new Set<string>();
  #isIndex = false;

  constructor(source: ImageSource, edit: EditImage, options: EditOptions) {
    this.#source = source;
    this.#edit = edit;
    this.#options = options;
    const { platforms = "all" } = options;
    this.#wanted =
      platforms === "all"
        ? undefined
        : platforms.map((platform) => (typeof platform === "string" ? parsePlatform(platform) : platform));
  }

  requireFound(): void {
    const missing = this.#wanted?.filter((platform) => !this.#found.has(platform)) ?? [];
    if (missing.length === 0) return;
    const names = missing.map(formatPlatform).join(", ");
    const there = [...this.#there].join(", ");
    const [message, hint] = this.#isIndex
      ? [`the index has no image for ${names}`, `it has ${there}`]
      : [`the image is for ${there}, and not for ${names}`, "leave --platform out for an image alone"];
    throw new DrayageError("ERR_DRAYAGE_PLATFORM_NOT_FOUND", message, { side: "source", hint });
  }

  async document(input: Document): Promise<EditedDocument> {
    throwIfAborted(this.#options.signal);
    const { document, digest, depth } = input;
    const instance = depth === 0 ? undefined : digest;
    const { signal } = this.#options;
    await this.#options.admit?.({ source: this.#source, instance, digest, manifest: document }, { signal });
    return isIndexMediaType(input.document.mediaType) ? this.#index(input) : this.#image(input);
  }

  async #index({ document, digest, entry, depth }: Document): Promise<EditedDocument> {
    this.#isIndex = true;
    if (depth >= indexDepthLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `indexes stand in indexes more than ${indexDepthLimit} times`,
        { side: "source" },
      );
    }
    const index = parseImageIndex(document.bytes, document.mediaType);
    const replaced = new Map<Digest, EditedDocument>();
    for (const member of index.manifests) {
      if (replaced.has(member.digest) || !this.#isWanted(member)) continue;
      const inner = await this.#source.manifest(member.digest, this.#options);
      const edited = await this.document({
        document: inner,
        digest: member.digest,
        entry: member,
        depth: depth + 1,
      });
      replaced.set(member.digest, edited);
    }
    const manifests = (await this.#kept(index, replaced)).map((member) => {
      const edited = replaced.get(member.digest);
      if (edited === undefined) return member;
      const { digest: own, document: inner, entry: said } = edited;
      return { ...member, ...said, digest: own, size: inner.bytes.length };
    });
    const changes = depth === 0 ? this.#options.index : undefined;
    const annotations = changedTexts(index.annotations, changes, "an annotation");
    if (annotations !== undefined && index.mediaType !== mediaTypes.ociIndex)
      throw noAnnotations("manifest lists");
    const bytes = encodeIndex(index, manifests, annotations);
    return this.#put({ document, digest }, { bytes, mediaType: document.mediaType, entry });
  }

  #isWanted(member: Descriptor): boolean {
    if (isIndexMediaType(member.mediaType)) return true;
    const { platform } = member;
    if (platform === undefined || platform.os === "unknown" || platform.architecture === "unknown") {
      // What has no platform is an image if nothing else is known of it, and all are asked for.
      return platform === undefined && member.artifactType === undefined && this.#wanted === undefined;
    }
    return this.#isPlatformWanted(platform);
  }

  #isPlatformWanted(platform: Platform): boolean {
    this.#there.add(formatPlatform(platform));
    if (this.#wanted === undefined) return true;
    const wanted = this.#wanted.filter((wish) => suits(wish, platform));
    for (const wish of wanted) this.#found.add(wish);
    return wanted.length > 0;
  }

  /** The members without those that refer to an image that is no more, unless they are to be kept. */
  async #kept(
    index: ImageIndex,
    replaced: ReadonlyMap<Digest, EditedDocument>,
  ): Promise<readonly Descriptor[]> {
    const { attestations = "drop", onWarning } = this.#options;
    const kept: Descriptor[] = [];
    for (const member of index.manifests) {
      const subject = replaced.has(member.digest) ? undefined : await this.#subjectOf(member);
      const edited = subject === undefined ? undefined : replaced.get(subject);
      if (subject === undefined || edited === undefined || edited.digest === subject) {
        kept.push(member);
      } else if (attestations === "keep") {
        kept.push(member);
        onWarning?.(
          `${member.digest} tells of ${subject}, which is ${edited.digest} now; it is kept as it is`,
        );
      } else {
        onWarning?.(
          `${member.digest} tells of ${subject}, which is ${edited.digest} now; it is left out, unless it is kept by attestations: "keep" (--keep-attestations)`,
        );
      }
    }
    return kept;
  }

  /** What an attestation or artifact of the index refers to. */
  async #subjectOf(member: Descriptor): Promise<Digest | undefined> {
    // BuildKit, docs/attestations/attestation-storage.md
    const named = member.annotations?.["vnd.docker.reference.digest"];
    if (isDigest(named)) return named;
    const { platform } = member;
    const isOther =
      platform === undefined || platform.os === "unknown" || platform.architecture === "unknown";
    if (!isOther || isIndexMediaType(member.mediaType)) return undefined;
    const { bytes, mediaType } = await this.#source.manifest(member.digest, this.#options);
    return isIndexMediaType(mediaType) ? undefined : parseImageManifest(bytes, mediaType).subject?.digest;
  }

  async #image({ document, digest, entry }: Document): Promise<EditedDocument> {
    const manifest = parseImageManifest(document.bytes, document.mediaType);
    if (manifest.isArtifact) {
      if (entry === undefined) {
        throw new DrayageError("ERR_DRAYAGE_MANIFEST_UNSUPPORTED", "the source is an artifact and no image", {
          side: "source",
        });
      }
      return { document, digest };
    }
    const image = await readEditable(this.#source, { digest, manifest, entry }, this.#options);
    // Before anything is made of it.
    if (entry === undefined && !this.#isPlatformWanted(image.platform)) this.requireFound();
    this.baseImages.push(manifest);
    const edit = (await this.#edit(image)) ?? {};
    for (const [blobDigest, blob] of edit.blobs ?? []) this.blobs.set(blobDigest, blob);
    if (edit.other !== undefined) this.others.push(edit.other);
    const bytes = this.#encodeImage(image, edit);
    const edited = this.#put(
      { document, digest },
      { bytes, mediaType: document.mediaType, entry: entryAfter(image, edit) },
    );
    this.reports.push(reportOf(image, edit, edited.digest));
    return edited;
  }

  #encodeImage({ manifest }: EditableImage, edit: ImageEdit): Uint8Array {
    const { layers, annotations } = edit;
    const isOci = manifest.mediaType === mediaTypes.ociManifest;
    if (!isOci && annotations !== undefined) throw noAnnotations("manifests");
    const encode = isOci ? encodeOciManifest : encodeDockerManifest;
    const parts = manifestParts(manifest);
    const config = this.#putConfig(parts.config, edit.config);
    const after = { ...parts, config, ...(layers && { layers }), ...(annotations && { annotations }) };
    const bytes = encode(after, undefined);
    // Written anew only where something changed.
    return sameBytes(bytes, encode(parts, undefined)) ? manifest.bytes : bytes;
  }

  #putConfig(before: Descriptor, bytes: Uint8Array | undefined): Descriptor {
    if (bytes === undefined) return before;
    const digest = digestBytes(bytes);
    if (digest === before.digest) return before;
    this.blobs.set(digest, bytesBlob(bytes, { digest, what: "the edited config" }));
    const { data: _, ...kept } = before;
    return { ...kept, digest, size: bytes.length };
  }

  #put(
    before: { readonly document: RawManifest; readonly digest: Digest },
    after: { readonly bytes: Uint8Array; readonly mediaType: string; readonly entry: Descriptor | undefined },
  ): EditedDocument {
    const { bytes, mediaType, entry } = after;
    if (sameBytes(bytes, before.document.bytes)) return { ...before, entry };
    const document = { bytes, mediaType };
    const digest = digestBytes(bytes);
    this.instances.set(digest, document);
    return { document, digest, entry };
  }
}

function encodeIndex(
  index: ImageIndex,
  manifests: readonly Descriptor[],
  annotations: Annotations | undefined,
): Uint8Array {
  const encode = index.mediaType === mediaTypes.ociIndex ? encodeOciIndex : encodeDockerList;
  const before = encode(indexParts(index), undefined);
  const after = encode({ ...indexParts(index), manifests, ...(annotations && { annotations }) }, undefined);
  return sameBytes(before, after) ? index.bytes : after;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
