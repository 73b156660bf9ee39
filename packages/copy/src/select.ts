import { type Digest, isDigest } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import {
  chooseInstance,
  type Descriptor,
  formatPlatform,
  type ImageIndex,
  isArtifactEntry,
  isIndexMediaType,
  type Platform,
  type PlatformWish,
  parsePlatform,
} from "@drayage/manifest";
import type { PlatformSelection } from "./options.ts";

/** What {@link PlatformSelection} means once its words are read. */
export type Selection =
  | { readonly kind: "one"; readonly wish: PlatformWish }
  | { readonly kind: "all" }
  | { readonly kind: "some"; readonly digests: ReadonlySet<Digest>; readonly platforms: readonly Platform[] };

/** Throws `ERR_DRAYAGE_USAGE` where a text is neither platform nor digest. */
export function readSelection(selection: PlatformSelection = "system"): Selection {
  if (selection === "all") return { kind: "all" };
  if (selection === "system") return { kind: "one", wish: {} };
  if (!isList(selection)) return { kind: "one", wish: selection };
  const digests = new Set<Digest>();
  const platforms: Platform[] = [];
  for (const item of selection) {
    if (isDigest(item)) digests.add(item);
    else platforms.push(typeof item === "string" ? parsePlatform(item) : item);
  }
  return { kind: "some", digests, platforms };
}

function isList(
  selection: PlatformWish | readonly (Platform | string)[],
): selection is readonly (Platform | string)[] {
  return Array.isArray(selection);
}

/** Whether the index is wanted, and none of its images: skopeo's `--multi-arch index-only`. */
export function isIndexAlone(selection: Selection): boolean {
  return selection.kind === "some" && selection.digests.size === 0 && selection.platforms.length === 0;
}

/** Whether an image of an index is among those that are wanted. A platform without variant wants all of them. */
export function isSelected(selection: Selection, descriptor: Descriptor): boolean {
  if (selection.kind !== "some") return true;
  if (selection.digests.has(descriptor.digest)) return true;
  const { platform } = descriptor;
  return platform !== undefined && selection.platforms.some((wanted) => suits(platform, wanted));
}

function suits(platform: Platform, wanted: Platform): boolean {
  return (
    platform.os === wanted.os &&
    platform.architecture === wanted.architecture &&
    (wanted.variant === undefined || wanted.variant === "" || platform.variant === wanted.variant)
  );
}

/** Throws `ERR_DRAYAGE_PLATFORM_NOT_FOUND` for a wanted platform or digest that no image answered to. */
export function requireAllFound(
  selection: Selection,
  found: readonly Descriptor[],
  there: readonly string[],
): void {
  if (selection.kind !== "some") return;
  const missing = [
    ...selection.platforms
      .filter((wanted) => !found.some(({ platform }) => platform !== undefined && suits(platform, wanted)))
      .map(formatPlatform),
    ...[...selection.digests].filter((digest) => !found.some((descriptor) => descriptor.digest === digest)),
  ];
  if (missing.length === 0) return;
  throw new DrayageError(
    "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
    `the index has no image for ${missing.join(", ")}`,
    { side: "source", hint: there.length === 0 ? undefined : `it has ${there.join(", ")}` },
  );
}

/** `linux/arm64/v8`, or undefined where the index does not say. */
export function platformText(descriptor: Descriptor): string | undefined {
  return descriptor.platform === undefined ? undefined : formatPlatform(descriptor.platform);
}

/**
 * The image of an index that suits the wish. Images that the index itself has for the platform come first,
 * then those of the indexes within it, in order; those without a platform are the last resort. An artifact is none, unless there is nothing else.
 *
 * Throws `ERR_DRAYAGE_PLATFORM_NOT_FOUND`.
 */
export async function findInstance(
  index: ImageIndex,
  wish: PlatformWish,
  readIndex: (descriptor: Descriptor) => Promise<ImageIndex>,
  { artifacts: maybe = true }: { readonly artifacts?: boolean | undefined } = {},
): Promise<Descriptor> {
  const nested = index.manifests.filter(({ mediaType }) => isIndexMediaType(mediaType));
  const images = index.manifests.filter((descriptor) => !nested.includes(descriptor));
  const withPlatform = images.filter(({ platform }) => platform !== undefined);
  const hasNoImages = maybe && images.every(isArtifactEntry);
  const artifacts = hasNoImages && nested.length === 0;
  const attempts = [
    async () => chooseInstance({ ...index, manifests: withPlatform }, { platform: wish, artifacts }),
    ...nested.map(
      (descriptor) => async () =>
        findInstance(await readIndex(descriptor), wish, readIndex, { artifacts: hasNoImages }),
    ),
    async () => chooseInstance({ ...index, manifests: images }, { platform: wish, artifacts }),
  ];
  let missed: unknown;
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      if (!isDrayageError(error, "ERR_DRAYAGE_PLATFORM_NOT_FOUND")) throw error;
      missed = error;
    }
  }
  throw missed;
}
