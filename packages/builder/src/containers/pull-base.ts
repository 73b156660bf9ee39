import { readBlob } from "@drayage/blob";
import { digestHex } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import {
  chooseInstance,
  configLimit,
  isIndexMediaType,
  parseImageIndex,
  parseImageManifest,
} from "@drayage/manifest";
import { formatReference, parseNormalizedNamed, tagNameOnly } from "@drayage/reference";
import type { ImageRecord, Store } from "@drayage/storage";
import { type Location, requireAbility, resolveImage } from "@drayage/transport";
import { containersStorage } from "@drayage/transport-containers-storage";
import { findStoredImage, saysRegistry } from "./find-image.ts";
import type { CreateContainerOptions } from "./options.ts";
import { suitsPlatform } from "./suits-platform.ts";

/** The image that a container is to be made from; undefined for `scratch`. */
export interface Base {
  readonly image: ImageRecord;
  /** What it was asked for by. */
  readonly text: string;
}

/**
 * Finds the base of a new container in the store, and brings it there where the policy says so.
 *
 * @throws ERR_DRAYAGE_IMAGE_NOT_FOUND, ERR_DRAYAGE_AMBIGUOUS, and what `copy` throws
 */
export async function resolveBase(store: Store, options: CreateContainerOptions): Promise<Base | undefined> {
  const { from, signal } = options;
  if (from === "scratch" || from === "") return undefined;
  const text = typeof from === "string" ? from : textOf(from);
  const sources = typeof from === "string" ? (options.pullFrom ?? []) : isOwn(from) ? [] : [from];
  const isElsewhere = typeof from !== "string" && sources.length > 0 && from.transport.scheme !== "docker";
  if (isElsewhere) return { image: await pullFirst(store, sources, options), text };
  const view = await store.read({ signal });
  const known = findStoredImage(view, text);
  const suits = known !== undefined && (await suitsPlatform(store, known, options));
  const local = suits ? known : undefined;
  const wanted = await wantsPull(local, sources, options);
  if (!wanted) {
    if (local !== undefined) return { image: local, text };
    throw notThere(text, options, known);
  }
  try {
    return { image: await pullFirst(store, sources, options), text };
  } catch (error) {
    // What there is will do, as for the Go tools.
    if (local === undefined || options.pull !== "newer" || isDrayageError(error, "ERR_DRAYAGE_ABORTED"))
      throw error;
    options.onWarning?.(`${text} could not be pulled, so that of the store is taken: ${messageOf(error)}`);
    return { image: local, text };
  }
}

function textOf({ reference, text, transport }: Location): string {
  const { dockerReference } = reference;
  if (transport.scheme !== "docker" || dockerReference === undefined) {
    return isOwn({ reference, text, transport }) ? reference.text.replace(/^@/, "") : text;
  }
  return formatReference(tagNameOnly(dockerReference));
}

/** Whether it is an image of the very store that the container will be in. */
function isOwn({ transport, reference }: Location): boolean {
  return transport.scheme === "containers-storage" && !reference.text.startsWith("[");
}

async function wantsPull(
  local: ImageRecord | undefined,
  sources: readonly Location[],
  { pull = "missing", onWarning, copy: how, signal, platform }: CreateContainerOptions,
): Promise<boolean> {
  if (sources.length === 0 || pull === "never") return false;
  if (local === undefined || pull === "always") return true;
  if (pull === "missing") return false;
  const [source] = sources;
  if (source === undefined || platform !== undefined) return true;
  try {
    const { digest } = await resolveImage(source.transport, source.reference, {
      ...how?.sourceOptions,
      signal,
    });
    return !local.digests.includes(digest);
  } catch (error) {
    if (!isDrayageError(error) || isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
    onWarning?.(
      `whether ${source.text} is newer than that of the store cannot be found out: ${error.message}`,
    );
    return false;
  }
}

async function pullFirst(
  store: Store,
  sources: readonly Location[],
  options: CreateContainerOptions,
): Promise<ImageRecord> {
  let failure: unknown;
  for (const source of sources) {
    try {
      return await pullOne(store, source, options);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

function isAbsent(error: unknown): boolean {
  return (
    isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND") ||
    isDrayageError(error, "ERR_DRAYAGE_REPOSITORY_NOT_FOUND") ||
    isDrayageError(error, "ERR_DRAYAGE_UNAUTHORIZED")
  );
}

async function pullOne(
  store: Store,
  source: Location,
  { signal, platform, copy: how = {} }: CreateContainerOptions,
): Promise<ImageRecord> {
  const [known, ...others] = await namesFor(source, signal);
  const name = known ?? `@${await idOf(source, { signal, platform, how })}`;
  const transport = containersStorage({ store });
  const reference = transport.parse(name);
  const destination: Location = { transport, reference, text: `containers-storage:${name}` };
  const additionalTags = [...others, ...(how.destinationOptions?.additionalTags ?? [])];
  const destinationOptions = { ...how.destinationOptions, additionalTags };
  const { copy } = await import("@drayage/copy");
  await copy(source, destination, { ...how, destinationOptions, platforms: platform ?? "system", signal });
  const view = await store.read({ signal });
  const id = reference.id;
  const image =
    id === undefined
      ? view.images.find(({ names }) => names.includes(reference.text))
      : view.images.find((each) => each.id === id);
  if (image !== undefined) return image;
  throw new DrayageError(
    "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    `the image ${name} was deleted by somebody else as soon as it was there`,
    { retryable: true },
  );
}

/** The names that an image gets in the store, as buildah gives them, the one that counts first; none where it gets none. */
async function namesFor(source: Location, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const { transport, reference } = source;
  const { dockerReference } = reference;
  if (dockerReference !== undefined) return [formatReference(tagNameOnly(dockerReference))];
  if (transport.scheme === "oci-dir") return localNames([reference.text.split(":")[0] ?? ""]);
  if (transport.listTags === undefined || transport.scheme === "dir") return [];
  const inArchive = reference.text.slice(reference.text.indexOf(":") + 1);
  const isNamed = reference.text.includes(":") && !inArchive.startsWith("@");
  if (isNamed) return localNames([inArchive]);
  const names = localNames(await transport.listTags(reference, { signal }));
  // They are given one after another, each before those that there are.
  return transport.scheme === "docker-archive" ? names.toReversed() : names.slice(0, 1);
}

/** `app` is `localhost/app:latest`. What is no name is left out. */
function localNames(texts: readonly string[]): readonly string[] {
  return texts.map(localName).filter((name) => name !== undefined);
}

function localName(text: string): string | undefined {
  const whole = saysRegistry(text) ? text : `localhost/${text.replace(/^\/+/, "")}`;
  try {
    const reference = tagNameOnly(parseNormalizedNamed(whole));
    return reference.digest === undefined ? formatReference(reference) : undefined;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return undefined;
    throw error;
  }
}

/** The ID of an image without a name: the hex of its config's digest. */
async function idOf(
  { transport, reference, text }: Location,
  {
    signal,
    platform,
    how,
  }: Pick<CreateContainerOptions, "signal" | "platform"> & {
    readonly how: NonNullable<CreateContainerOptions["copy"]>;
  },
): Promise<string> {
  await using source = await requireAbility(transport, "openSource").openSource(reference, {
    ...how.sourceOptions,
    signal,
  });
  const own = await source.manifest(undefined, { signal });
  const { bytes, mediaType } = isIndexMediaType(own.mediaType)
    ? await source.manifest(chooseInstance(parseImageIndex(own.bytes, own.mediaType), { platform }).digest, {
        signal,
      })
    : own;
  const { config } = parseImageManifest(bytes, mediaType);
  if (config === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${text} does not say what its image is to be called`, {
      hint: `copy it first: dray copy ${text} containers-storage:NAME:TAG`,
    });
  }
  await readBlob(await source.blob(config, { signal }), { limit: configLimit, signal });
  return digestHex(config.digest);
}

function notThere(
  text: string,
  { pull, platform }: CreateContainerOptions,
  known: ImageRecord | undefined,
): DrayageError {
  if (known !== undefined) {
    return new DrayageError(
      "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
      `the store's image ${JSON.stringify(text)} is not for ${[platform?.os, platform?.architecture, platform?.variant].filter(Boolean).join("/")}`,
    );
  }
  return new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `the store has no image ${JSON.stringify(text)}`, {
    hint: pull === "never" ? "pull it first, or use another pull policy" : "say where it is: docker://NAME",
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
