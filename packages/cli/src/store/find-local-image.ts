import { type Environment, readRegistriesConfig, resolveShortName } from "@drayage/containers-config";
import { DrayageError, isDrayageError } from "@drayage/errors";
import {
  type DockerReference,
  formatReference,
  parseNormalizedNamed,
  parseReference,
  tagNameOnly,
} from "@drayage/reference";
import type { ImageRecord, StoreView } from "@drayage/storage";
import type { RegistriesPlace } from "../registries-place.ts";

export interface FindLocalOptions extends RegistriesPlace {
  readonly env: Environment;
}

/** An image of the store, and which of its names was meant, if it was one. */
export interface FoundImage {
  readonly image: ImageRecord;
  readonly name?: string | undefined;
}

/**
 * The image that a person means, as podman finds it: by its ID, by a whole name, by what a short name may stand for (`localhost/`, the
 * aliases and registries of registries.conf, docker.io), by a digest, by the beginning of an ID, or by the last part of one name.
 *
 * @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`, `ERR_DRAYAGE_AMBIGUOUS`
 */
export async function findLocalImage(
  view: StoreView,
  text: string,
  options: FindLocalOptions,
): Promise<FoundImage> {
  const stored = text.replace(/^containers-storage:/, "");
  const found =
    byWholeId(view, stored) ??
    (await byName(view, stored, options)) ??
    byDigest(view, stored) ??
    byBeginning(view, stored) ??
    byLastPart(view, stored);
  if (found !== undefined) return found;
  throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `the store has no image ${JSON.stringify(text)}`, {
    hint: "dray images lists those that are there",
  });
}

function byWholeId({ images }: StoreView, text: string): FoundImage | undefined {
  const id = text.replace(/^sha256:/, "");
  const image = images.find((each) => each.id === id);
  return image && { image };
}

async function byName(
  { images }: StoreView,
  text: string,
  options: FindLocalOptions,
): Promise<FoundImage | undefined> {
  const exact = images.find(({ names }) => names.includes(text));
  if (exact !== undefined) return { image: exact, name: text };
  for (const reference of await localCandidates(text, options)) {
    const name = formatReference(reference);
    const named = images.find(({ names }) => names.includes(name));
    if (named !== undefined) return { image: named, name };
    const { digest } = reference;
    if (digest === undefined) continue;
    const image = images.find(
      ({ digests, names }) =>
        digests.includes(digest) && names.some((each) => nameOf(each) === reference.name),
    );
    if (image !== undefined) return { image };
  }
  return undefined;
}

/** The whole names that a name may stand for in the store. None where it is no name. */
export async function localCandidates(
  text: string,
  { env, registriesConf, registriesConfDir }: FindLocalOptions,
): Promise<readonly DockerReference[]> {
  const written = referenceOf(text);
  if (written === undefined) return [];
  if (hasHost(text)) return [tagNameOnly(parseNormalizedNamed(text))];
  const config = await readRegistriesConfig({ env, path: registriesConf, dropInFolder: registriesConfDir });
  const local = [`localhost/${text}`, `docker.io/library/${text}`, text].map((each) =>
    tagNameOnly(parseNormalizedNamed(each)),
  );
  try {
    const { candidates } = await resolveShortName({ ...config, shortNameMode: "disabled" }, text, { env });
    return [...local.slice(0, 1), ...candidates, ...local.slice(1)];
  } catch (error) {
    // Nothing says what it stands for elsewhere: then it is of this machine, or docker's.
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return local;
    throw error;
  }
}

/** Whether a name says its registry. */
export function hasHost(text: string): boolean {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  return first === "localhost" || /[.:]/.test(first);
}

function referenceOf(text: string): DockerReference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return undefined;
    throw error;
  }
}

function nameOf(text: string): string | undefined {
  return referenceOf(text)?.name;
}

function byDigest({ images }: StoreView, text: string): FoundImage | undefined {
  const image = images.find(({ digests }) => digests.some((digest) => digest === text));
  return image && { image };
}

function byBeginning(view: StoreView, text: string): FoundImage | undefined {
  const id = text.replace(/^sha256:/, "");
  if (!/^[0-9a-f]{1,64}$/.test(id)) return undefined;
  const image = view.findImage(id);
  return image && { image };
}

/** `stable` for `quay.io/podman/stable`, where only one image has such a name. */
function byLastPart({ images }: StoreView, text: string): FoundImage | undefined {
  const wanted = referenceOf(text);
  if (wanted === undefined || hasHost(text)) return undefined;
  const { name, tag = "latest", digest } = wanted;
  if (digest !== undefined) return undefined;
  const found = images.flatMap((image) =>
    image.names
      .filter((each) => {
        const reference = referenceOf(each);
        return reference?.tag === tag && reference.name.endsWith(`/${name}`);
      })
      .map((each): FoundImage => ({ image, name: each })),
  );
  const ids = new Set(found.map(({ image }) => image.id));
  if (ids.size < 2) return found[0];
  throw new DrayageError(
    "ERR_DRAYAGE_AMBIGUOUS",
    `${JSON.stringify(text)} may be ${found.map((each) => each.name).join(" or ")}`,
    { hint: "write the whole name" },
  );
}

/** The name that an image is to get, as podman completes it: `app` is `localhost/app:latest`. */
export function newName(text: string): string {
  const whole = hasHost(text) ? text : `localhost/${text}`;
  const reference = tagNameOnly(parseNormalizedNamed(whole));
  if (reference.digest === undefined) return formatReference(reference);
  throw new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(text)} cannot be given as a name: it has a digest`,
    { hint: "write NAME:TAG" },
  );
}
