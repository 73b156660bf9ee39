import type { Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import {
  type Descriptor,
  indexDepthLimit,
  isImageMediaType,
  isIndexMediaType,
  parseImageIndex,
} from "@drayage/manifest";
import type { ImageDestination, ImageSource, RawManifest } from "@drayage/transport";
import { admit } from "./admit.ts";
import { readDocument, type SourceDocument } from "./documents.ts";
import { chooseIndexType, takesIndexes } from "./manifest-type.ts";
import { findOtherPlatform } from "./other-platform.ts";
import type { CopyPlan, DocumentPlan, IndexPlan, MemberPlan, OpaquePlan } from "./plan.ts";
import { planImage } from "./plan-image.ts";
import { planVariants } from "./plan-variants.ts";
import { type PlanInput, type Planning, planningLanes } from "./planning.ts";
import { type Scope, withScope } from "./scope.ts";
import {
  findInstance,
  isIndexAlone,
  isSelected,
  platformText,
  readSelection,
  requireAllFound,
  type Selection,
} from "./select.ts";
import { type FrozenReason, frozenError, frozenText, onDocuments, onSide } from "./side.ts";
import { documentKey, requireWhole, typeWithVariants } from "./variants.ts";

/** How many bytes of manifests and configs one plan may read, and how many of them it keeps. */
const maximumRead = 256 * 1024 * 1024;
const maximumKept = 32 * 1024 * 1024;
/**
 * Decides what a copy will do, without writing anything. Reads manifests, and of layers the first bytes
 * where these are local and the destination cares for compression.
 *
 * Throws what the ends throw (with `side`), and `ERR_DRAYAGE_PLATFORM_NOT_FOUND`,
 * `ERR_DRAYAGE_CONVERSION_UNSUPPORTED`, `ERR_DRAYAGE_DESTINATION_REFUSED`, `ERR_DRAYAGE_DIGEST_MISMATCH`,
 * `ERR_DRAYAGE_LIMIT_EXCEEDED`.
 */
export async function planCopy(input: PlanInput): Promise<CopyPlan> {
  checkOptions(input);
  const selection = readSelection(input.platforms);
  return onDocuments(() => withScope(input.signal, (scope) => planIn(scope, input, selection)));
}

async function planIn(scope: Scope, input: PlanInput, selection: Selection): Promise<CopyPlan> {
  const contents = new Map<Digest, RawManifest>();
  let bytesRead = 0;
  const planning: Planning = {
    input,
    selection,
    scope,
    reused: new Map(),
    keep(digest, document) {
      bytesRead += document.bytes.length;
      if (bytesRead > maximumRead) {
        throw new DrayageError(
          "ERR_DRAYAGE_LIMIT_EXCEEDED",
          `the image's manifests exceed ${maximumRead} bytes`,
        );
      }
      if (bytesRead <= maximumKept) contents.set(digest, document);
    },
  };
  const origin = await readDocument(input.source, undefined, { signal: scope.signal });
  requireWhole(input.addCompression, selection.kind === "all" && isIndexMediaType(origin.mediaType));
  // A tag may move before the execution: the bytes that were planned for are kept whatever their size.
  contents.set(origin.digest, { bytes: origin.bytes, mediaType: origin.mediaType });
  if (input.expectedDigest !== undefined && origin.digest !== input.expectedDigest) {
    throw new DrayageError(
      "ERR_DRAYAGE_DIGEST_MISMATCH",
      `the source's manifest has the digest ${origin.digest}, not ${input.expectedDigest}`,
      {
        side: "source",
        hint: "the image has changed since its digest was written down, or it is another image",
      },
    );
  }
  await admit(origin, undefined, { ...input, signal: scope.signal });
  const { root, platform } = await chooseRoot(origin, planning);
  planning.keep(root.digest, root);
  checkDestinationDigest(input.destination, origin, root);
  const planner = new DocumentPlanner(planning, input.destination, origin.digest);
  const documents = await planner.plan(root, platform);
  const otherPlatform = root === origin ? await findOtherPlatform(root, planning) : undefined;
  const plan: CopyPlan = {
    source: input.source.reference.text,
    destination: input.destination.reference.text,
    origin: nameOf(origin),
    root: nameOf(root),
    ...(otherPlatform === undefined ? {} : { otherPlatform }),
    present: false,
    documents,
    compression: input.compression ?? {},
    compat: input.compat,
    contents,
  };
  return (await isPresent(plan, input, scope.signal)) ? { ...plan, present: true } : plan;
}

function checkOptions({ compression, compat }: PlanInput): void {
  if (compression?.force === true && compression.format === undefined && compat !== "go") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "a compression can only be forced when its format is named", {
      hint: "name gzip or zstd as compression.format (--dest-compress-format)",
    });
  }
}

function nameOf({ digest, mediaType, bytes }: SourceDocument): {
  digest: Digest;
  mediaType: string;
  size: number;
} {
  return { digest, mediaType, size: bytes.length };
}

/** The document that the destination gets: the source's own, or the image chosen from its index. */
async function chooseRoot(
  origin: SourceDocument,
  { input, selection, scope }: Planning,
): Promise<{ root: SourceDocument; platform?: string | undefined }> {
  if (!isIndexMediaType(origin.mediaType)) return { root: origin };
  const options = { signal: scope.signal };
  if (selection.kind !== "one") {
    const { accepts, reference } = input.destination;
    if (takesIndexes(accepts.manifestTypes) && accepts.multipleImages) return { root: origin };
    throw new DrayageError(
      "ERR_DRAYAGE_DESTINATION_REFUSED",
      `copying multiple images: ${JSON.stringify(reference.text)} cannot hold several images as a group`,
      {
        side: "destination",
        hint: "copy the image of one platform, or choose a destination that takes an index, such as oci-dir",
      },
    );
  }
  let depth = 0;
  const chosen = await findInstance(
    parseImageIndex(origin.bytes, origin.mediaType),
    selection.wish,
    async ({ digest }) => {
      depth += 1;
      if (depth > indexDepthLimit) throw tooDeep();
      const inner = await readDocument(input.source, digest, options);
      return parseImageIndex(inner.bytes, inner.mediaType);
    },
  );
  const root = await readDocument(input.source, chosen.digest, options);
  return { root, platform: platformText(chosen) };
}

function tooDeep(): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `indexes stand in indexes more than ${indexDepthLimit} times`,
    {
      side: "source",
    },
  );
}

/** containers/image: a destination named by digest takes that image, or an image of the index of that digest. */
function checkDestinationDigest(
  destination: ImageDestination,
  origin: SourceDocument,
  root: SourceDocument,
): void {
  const wanted = destination.reference.dockerReference?.digest;
  if (wanted === undefined || wanted === root.digest || wanted === origin.digest) return;
  throw new DrayageError(
    "ERR_DRAYAGE_DIGEST_MISMATCH",
    `the source's manifest has the digest ${root.digest}, the destination's reference names ${wanted}`,
    { side: "destination", hint: "name the destination by a tag" },
  );
}

/** Where a document stands. */
interface Place {
  readonly platform: string | undefined;
  /** Why the index that names it may not change. */
  readonly inherited: FrozenReason | undefined;
  /** How many indexes it stands in. */
  readonly depth: number;
  /** Whether it stands in an index that is wanted as a whole. */
  readonly whole: boolean;
}

/** Plans a document and all below it, each digest once. */
class DocumentPlanner {
  readonly #planning: Planning;
  readonly #destination: ImageDestination;
  readonly #origin: Digest;
  readonly #plans = new Map<string, Promise<DocumentPlan | undefined>>();
  /** Of each index, the keys of what is written before it. */
  readonly #members = new Map<string, readonly string[]>();
  readonly #found: Descriptor[] = [];
  readonly #there = new Set<string>();

  constructor(planning: Planning, destination: ImageDestination, origin: Digest) {
    this.#planning = planning;
    this.#destination = destination;
    this.#origin = origin;
  }

  async plan(root: SourceDocument, platform: string | undefined): Promise<readonly DocumentPlan[]> {
    const planned = await this.#planDocument(root, {
      platform,
      inherited: undefined,
      depth: 0,
      whole: false,
    });
    if (isIndexMediaType(root.mediaType)) {
      requireAllFound(this.#planning.selection, this.#found, [...this.#there]);
    }
    if (planned === undefined) {
      throw new DrayageError(
        "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
        "none of the index's images is wanted: the copy would be an empty index",
        { side: "source" },
      );
    }
    const documents = new Map<string, DocumentPlan>();
    const collect = async (key: string): Promise<void> => {
      if (documents.has(key)) return;
      const plan = key === root.digest ? planned : await this.#plans.get(key);
      if (plan === undefined) return;
      if (plan.kind !== "opaque" && plan.subject !== undefined) await collect(plan.subject);
      for (const member of this.#members.get(key) ?? []) await collect(member);
      documents.set(key, plan);
    };
    await collect(root.digest);
    return [...documents.values()];
  }

  async #planDocument(document: SourceDocument, place: Place): Promise<DocumentPlan | undefined> {
    const { input, scope } = this.#planning;
    throwIfAborted(scope.signal);
    if (document.digest !== this.#origin) {
      await admit(document, document.digest, { ...input, signal: scope.signal });
    }
    const { platform, inherited } = place;
    const signatures = await this.#countSignatures(
      document.digest === this.#origin ? undefined : document.digest,
    );
    const frozen = this.#frozen(signatures) ?? inherited;
    if (isIndexMediaType(document.mediaType)) {
      return this.#planIndex(document, { frozen, signatures, place });
    }
    return planImage(document, {
      planning: this.#planning,
      platform,
      frozen,
      signatures,
      format: input.format,
    });
  }

  async #planIndex(
    document: SourceDocument,
    { frozen, signatures, place }: { frozen: FrozenReason | undefined; signatures: number; place: Place },
  ): Promise<IndexPlan | undefined> {
    if (place.depth >= indexDepthLimit) throw tooDeep();
    const { input, scope, selection } = this.#planning;
    const index = parseImageIndex(document.bytes, document.mediaType);
    const chosen = chooseIndexType({
      sourceType: document.mediaType,
      accepted: this.#destination.accepts.manifestTypes,
      format: input.format,
    });
    if (chosen === undefined) {
      throw new DrayageError("ERR_DRAYAGE_DESTINATION_REFUSED", "the destination takes no index", {
        side: "destination",
      });
    }
    if (frozen !== undefined && chosen.preferred !== document.mediaType) {
      throw frozenError(`the index must become ${chosen.preferred} for the destination`, frozen);
    }
    const planned = await scope.all(index.manifests, planningLanes, (descriptor) =>
      this.#planMember(descriptor, {
        platform: platformText(descriptor),
        inherited: frozen,
        depth: place.depth + 1,
        whole: place.whole,
      }),
    );
    const members = index.manifests.map((descriptor, at): MemberPlan => {
      const action = planned[at] === true ? "copy" : input.sparse === "strip" ? "strip" : "absent";
      return { digest: descriptor.digest, platform: platformText(descriptor), action };
    });
    const copied = members.filter(({ action }) => action === "copy");
    const alone = isIndexAlone(selection) && place.depth === 0 && input.sparse !== "strip";
    if (copied.length === 0 && selection.kind === "some" && index.manifests.length > 0 && !alone)
      return undefined;
    if (frozen !== undefined && members.some(({ action }) => action === "strip")) {
      throw frozenError("the index must lose the images that are not copied", frozen);
    }
    const variants = await planVariants(index, {
      planning: this.#planning,
      frozen,
      originalOf: (digest) => this.#plans.get(digest),
    });
    const choice = typeWithVariants(chosen, variants);
    const documents = variants.map(({ plan }) => plan);
    for (const plan of documents) this.#plans.set(documentKey(plan), Promise.resolve(plan));
    this.#members.set(document.digest, [...copied, ...documents].map(documentKey));
    return {
      kind: "index",
      digest: document.digest,
      mediaType: document.mediaType,
      size: document.bytes.length,
      frozen,
      target: choice.preferred,
      fallbacks: frozen === undefined ? choice.fallbacks : [],
      reason: frozen === undefined ? choice.reason : `it may not change: ${frozenText(frozen)}`,
      signatures,
      ...(index.subject === undefined ? {} : { subject: index.subject.digest }),
      members,
      variants: variants.map(({ named }) => named),
    };
  }

  /** Whether the member is copied. */
  async #planMember(descriptor: Descriptor, place: Place): Promise<boolean> {
    const isIndex = isIndexMediaType(descriptor.mediaType);
    const selected = isSelected(this.#planning.selection, descriptor);
    if (selected) this.#found.push(descriptor);
    if (place.platform !== undefined) this.#there.add(place.platform);
    const whole = place.whole || selected;
    if (!isIndex && !whole) return false;
    const known = this.#plans.get(descriptor.digest);
    const plan = known ?? this.#readAndPlan(descriptor, { ...place, whole });
    if (known === undefined) this.#plans.set(descriptor.digest, plan);
    return (await plan) !== undefined;
  }

  async #readAndPlan(descriptor: Descriptor, place: Place): Promise<DocumentPlan | undefined> {
    const { digest, mediaType, size } = descriptor;
    // OCI image-index.md: an unknown type must not be an error. What it is cannot be known, so it is a blob.
    if (mediaType !== "" && !isIndexMediaType(mediaType) && !isImageMediaType(mediaType)) {
      return { kind: "opaque", digest, mediaType, size, descriptor } satisfies OpaquePlan;
    }
    const { input, scope, keep } = this.#planning;
    const document = await readDocument(input.source, digest, { signal: scope.signal });
    keep(digest, { bytes: document.bytes, mediaType: document.mediaType });
    return this.#planDocument(document, place);
  }

  async #countSignatures(instance: Digest | undefined): Promise<number> {
    const { input, scope } = this.#planning;
    if (input.removeSignatures === true || input.source.signatures === undefined) return 0;
    const read = input.source.signatures.bind(input.source);
    const signatures = await onSide("source", "read the signatures", () =>
      read(instance, { signal: scope.signal }),
    );
    if (signatures.length > 0 && this.#destination.putSignatures === undefined) {
      throw new DrayageError(
        "ERR_DRAYAGE_DESTINATION_REFUSED",
        `the image has ${signatures.length === 1 ? "a signature" : `${signatures.length} signatures`}, and ${JSON.stringify(this.#destination.reference.text)} cannot keep signatures`,
        {
          side: "destination",
          hint: "leave the signatures behind with removeSignatures (--remove-signatures)",
        },
      );
    }
    return signatures.length;
  }

  #frozen(signatures: number): FrozenReason | undefined {
    if (this.#planning.input.preserveDigests === true) return "preserve digests";
    if (this.#destination.reference.dockerReference?.digest !== undefined) return "destination digest";
    return signatures > 0 ? "signatures" : undefined;
  }
}

/** Whether all that would be written is there already, byte for byte. */
async function isPresent(plan: CopyPlan, input: PlanInput, signal: AbortSignal): Promise<boolean> {
  const { existing } = input;
  if (input.ifPresent !== "skip" || existing === undefined) return false;
  const unchanged = plan.documents.every(
    (document) =>
      document.kind === "opaque" ||
      (document.target === document.mediaType &&
        document.signatures === 0 &&
        (document.kind === "image" ||
          (document.variants.length === 0 && document.members.every(({ action }) => action !== "strip")))),
  );
  if (!unchanged) return false;
  for (const document of plan.documents) {
    if (document.kind === "opaque") return false;
    const instance = document.digest === plan.root.digest ? undefined : document.digest;
    const there = await digestAt(existing, instance, signal);
    if (there !== document.digest) return false;
  }
  return true;
}

async function digestAt(
  existing: ImageSource,
  instance: Digest | undefined,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  try {
    return (await readDocument(existing, instance, { signal })).digest;
  } catch {
    // What cannot be read there is written anew: containers/image does the same.
    throwIfAborted(signal);
    return undefined;
  }
}
