import { type Digest, digestAlgorithm } from "@drayage/digest";
import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import {
  type Descriptor,
  guessMediaType,
  type ImageIndex,
  indexDepthLimit,
  isImageMediaType,
  isIndexMediaType,
  manifestDigest,
  parseImageIndex,
  parseImageManifest,
} from "@drayage/manifest";
import type { ImageSource, OperationOptions, ProgressEvent, RawManifest } from "@drayage/transport";
import { createLimiter } from "./limiter.ts";
import type { PlatformSelection } from "./options.ts";
import { type Scope, withScope } from "./scope.ts";
import { findInstance, isSelected, platformText, readSelection, requireAllFound } from "./select.ts";
import { errorOnSide } from "./side.ts";
import { ImageChecker } from "./validate-image.ts";

export interface ValidateOptions extends OperationOptions {
  /** Which images of an index are checked; `all` where absent. */
  readonly platforms?: PlatformSelection | undefined;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  /** How many layers are read at the same time; 6 where absent. */
  readonly parallelBlobs?: number | undefined;
}

/** Where in an image something is. */
export interface ProblemPlace {
  readonly what: "index" | "manifest" | "config" | "layer";
  /** The manifest or index that it is in, or that it is. Absent where that could not even be named. */
  readonly document: Digest | undefined;
  readonly platform?: string | undefined;
  /** The digest that the document gives for it, of a config or layer. */
  readonly digest?: Digest | undefined;
  /** From 0, of a layer. */
  readonly layer?: number | undefined;
}

export interface ValidationProblem {
  /** `warning`: tools cope with it; `error`: the image is not what it says it is. */
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: string;
  readonly place: ProblemPlace;
}

export interface ValidationReport {
  /** Whether there is no problem but warnings. */
  readonly valid: boolean;
  /** Absent where the source's own manifest could not be read. */
  readonly digest: Digest | undefined;
  readonly mediaType: string | undefined;
  readonly problems: readonly ValidationProblem[];
  readonly checked: {
    readonly indexes: number;
    readonly manifests: number;
    readonly configs: number;
    readonly layers: number;
    /** Bytes of layers and configs that were read. */
    readonly bytes: number;
  };
}

/** Counts, and collects what is wrong. */
export interface Findings {
  readonly problems: ValidationProblem[];
  readonly checked: { indexes: number; manifests: number; configs: number; layers: number; bytes: number };
  readonly scope: Scope;
  add(problem: Pick<ValidationProblem, "message" | "place"> & Partial<ValidationProblem>): void;
  /** Runs a check. What it throws becomes a problem; undefined is returned then. */
  attempt<T>(place: ProblemPlace, check: () => Promise<T>): Promise<T | undefined>;
}

const defaultParallelBlobs = 6;

/**
 * Reads an image, or all images of an index, in full: recomputes every digest, size and diffID, and holds
 * configs against their layers. Whatever is wrong is reported; only an abort is thrown.
 */
export async function validateImage(
  source: ImageSource,
  options: ValidateOptions = {},
): Promise<ValidationReport> {
  const selection = readSelection(options.platforms ?? "all");
  return withScope(options.signal, async (scope) => {
    const findings = createFindings(scope);
    const limiter = createLimiter(options.parallelBlobs ?? defaultParallelBlobs);
    const images = new ImageChecker({ source, findings, limiter, onProgress: options.onProgress });
    const place = { what: "manifest", document: undefined } as const;
    const origin = await findings.attempt(place, () => readVerified(source, undefined, scope.signal));
    if (origin !== undefined) {
      const walk: Walk = {
        source,
        findings,
        images,
        selection,
        seen: new Set(),
        members: new Map(),
        found: [],
        there: new Set(),
      };
      await findings.attempt({ what: "index", document: origin.digest }, async () => {
        if (selection.kind === "one" && isIndexMediaType(origin.mediaType))
          await walkChosen(origin, walk, selection.wish);
        else await walkDocument(origin, { platform: undefined, depth: 0, whole: false }, walk);
        if (isIndexMediaType(origin.mediaType)) requireAllFound(selection, walk.found, [...walk.there]);
      });
    }
    return {
      valid: findings.problems.every(({ severity }) => severity === "warning"),
      digest: origin?.digest,
      mediaType: origin?.mediaType,
      problems: findings.problems,
      checked: findings.checked,
    };
  });
}

function createFindings(scope: Scope): Findings {
  const problems: ValidationProblem[] = [];
  const findings: Findings = {
    problems,
    checked: { indexes: 0, manifests: 0, configs: 0, layers: 0, bytes: 0 },
    scope,
    add: ({ severity = "error", code = "ERR_DRAYAGE_MANIFEST_INVALID", message, place }) => {
      problems.push({ severity, code, message, place });
    },
    async attempt(place, check) {
      try {
        return await check();
      } catch (thrown) {
        throwIfAborted(scope.signal);
        const error = errorOnSide(thrown, "source", "validate");
        if (!(error instanceof Error)) throw error;
        const code = isDrayageError<string>(error) ? error.code : "ERR_DRAYAGE_IO";
        findings.add({ code, message: error.message, place });
        return undefined;
      }
    },
  };
  return findings;
}

interface Walk {
  readonly source: ImageSource;
  readonly findings: Findings;
  readonly images: ImageChecker;
  readonly selection: ReturnType<typeof readSelection>;
  /** What was walked: digest, and whether as a whole. */
  readonly seen: Set<string>;
  /** What is known of members that were read, by the same; undefined for those that could not be. */
  readonly members: Map<string, { readonly size: number; readonly guessed: string } | undefined>;
  readonly found: Descriptor[];
  readonly there: Set<string>;
}

interface WalkPlace {
  readonly platform: string | undefined;
  readonly depth: number;
  readonly whole: boolean;
}

interface VerifiedDocument extends RawManifest {
  readonly digest: Digest;
}

async function readVerified(
  source: ImageSource,
  instance: Digest | undefined,
  signal: AbortSignal,
): Promise<VerifiedDocument> {
  const { bytes, mediaType: said } = await source.manifest(instance, { signal });
  const mediaType = isImageMediaType(said) || isIndexMediaType(said) ? said : guessMediaType(bytes);
  const digest =
    instance === undefined ? manifestDigest(bytes) : manifestDigest(bytes, digestAlgorithm(instance));
  if (instance !== undefined && digest !== instance) {
    throw new DrayageError(
      "ERR_DRAYAGE_DIGEST_MISMATCH",
      `the manifest ${instance} has the digest ${digest}`,
    );
  }
  return { bytes, mediaType, digest };
}

async function walkChosen(
  origin: VerifiedDocument,
  walk: Walk,
  wish: Parameters<typeof findInstance>[1],
): Promise<void> {
  const { source, findings } = walk;
  const { signal } = findings.scope;
  const chosen = await findInstance(
    parseImageIndex(origin.bytes, origin.mediaType),
    wish,
    async ({ digest }) => {
      const inner = await readVerified(source, digest, signal);
      return parseImageIndex(inner.bytes, inner.mediaType);
    },
  );
  findings.checked.indexes += 1;
  await walkMember(chosen, { platform: platformText(chosen), depth: 1, whole: true }, walk);
}

async function walkDocument(document: VerifiedDocument, place: WalkPlace, walk: Walk): Promise<void> {
  const { findings, images } = walk;
  const { digest, bytes, mediaType } = document;
  const key = `${digest} ${place.whole}`;
  if (walk.seen.has(key)) return;
  walk.seen.add(key);
  const where = { document: digest, platform: place.platform };
  if (isIndexMediaType(mediaType)) {
    findings.checked.indexes += 1;
    const index = await findings.attempt({ ...where, what: "index" }, async () =>
      parseImageIndex(bytes, mediaType),
    );
    if (index !== undefined) await walkIndex(index, where.document, place, walk);
    return;
  }
  findings.checked.manifests += 1;
  const manifest = await findings.attempt({ ...where, what: "manifest" }, async () =>
    parseImageManifest(bytes, mediaType),
  );
  if (manifest !== undefined) await images.check(manifest, where);
}

async function walkIndex(index: ImageIndex, document: Digest, place: WalkPlace, walk: Walk): Promise<void> {
  if (place.depth >= indexDepthLimit) {
    walk.findings.add({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
      message: `indexes stand in indexes more than ${indexDepthLimit} times`,
      place: { what: "index", document },
    });
    return;
  }
  for (const descriptor of index.manifests) {
    const selected = isSelected(walk.selection, descriptor);
    const platform = platformText(descriptor);
    if (selected) walk.found.push(descriptor);
    if (platform !== undefined) walk.there.add(platform);
    const whole = place.whole || selected;
    if (!whole && !isIndexMediaType(descriptor.mediaType)) continue;
    await walkMember(descriptor, { platform, depth: place.depth + 1, whole }, walk);
  }
}

async function walkMember(descriptor: Descriptor, place: WalkPlace, walk: Walk): Promise<void> {
  const { findings, source, images } = walk;
  const { digest, mediaType, size } = descriptor;
  const isManifest = mediaType === "" || isImageMediaType(mediaType) || isIndexMediaType(mediaType);
  if (!isManifest) {
    await images.checkOpaque(descriptor, { document: digest, platform: place.platform });
    return;
  }
  const where = {
    what: isIndexMediaType(mediaType) ? "index" : "manifest",
    document: digest,
    platform: place.platform,
  } as const;
  const key = `${digest} ${place.whole}`;
  const first = !walk.members.has(key);
  const document = first
    ? await findings.attempt(where, () => readVerified(source, digest, findings.scope.signal))
    : undefined;
  // What an index names again, as a hostile one may do very often, is not read again.
  const facts = first
    ? document && { size: document.bytes.length, guessed: guessMediaType(document.bytes) }
    : walk.members.get(key);
  walk.members.set(key, facts);
  if (facts === undefined) return;
  if (facts.size !== size) {
    findings.add({
      code: "ERR_DRAYAGE_SIZE_MISMATCH",
      message: `the index gives ${size} bytes for ${digest}, which has ${facts.size}`,
      place: where,
    });
  }
  if (mediaType !== "" && facts.guessed !== mediaType) {
    findings.add({
      message: `the index calls ${digest} ${mediaType}, its content is ${facts.guessed}`,
      place: where,
    });
  }
  if (document !== undefined) await walkDocument(document, place, walk);
}
