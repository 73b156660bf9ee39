import path from "node:path";
import type { Digest } from "@drayage/digest";
import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { indexDepthLimit, type PlatformWish } from "@drayage/manifest";
import { formatReference } from "@drayage/reference";
import type { Store } from "@drayage/storage";
import type { Location, OperationOptions } from "@drayage/transport";
import { containersStorage } from "@drayage/transport-containers-storage";
import { artifactLocation } from "./artifact-location.ts";
import { composite } from "./composite.ts";
import type { CompositeMember, CompositeSelection } from "./members.ts";
import { isStoredList, readStoredList, type StoredList } from "./stored-list.ts";

const storeScheme = "containers-storage";
/** Transports whose references are paths: what a list keeps of them must be true in any folder. */
const ofPaths: ReadonlySet<string> = new Set(["dir", "docker-archive", "oci-archive", "oci-dir", "tarball"]);

/** How a list in the store writes where an image is, so that the Go tools find it, too. */
export function placeText({ transport: { scheme }, reference: { text } }: Location): string {
  const name = scheme === "oci-dir" ? "oci" : scheme;
  return `${name}:${ofPaths.has(scheme) ? path.resolve(text) : text}`;
}

/** How it writes an image of a store: by its whole name, or `@` and its ID (containers/image, `StringWithinTransport`). */
export function storedPlaceText({ driver, graphRoot, runRoot }: Store, image: string): string {
  const place = graphRoot === undefined ? "" : `[${driver}@${graphRoot}+${runRoot}]`;
  return `${storeScheme}:${place}${image}`;
}

export interface ListLocationOptions extends OperationOptions {
  /** Of the list's images: as for {@link composite}. */
  readonly select: CompositeSelection;
  /** For `system`. */
  readonly platform?: PlatformWish | undefined;
  /** What finds the places that the list names: `Registry.resolve`. */
  readonly resolve: (text: string) => Promise<Location>;
}

/**
 * A list of a store as an image that can be copied, with its images wherever they are, those of lists of the store in it included. The
 * store stays open.
 *
 * @throws `ERR_DRAYAGE_LIMIT_EXCEEDED` for lists that stand in each other
 */
export async function listLocation(
  store: Store,
  stored: StoredList,
  options: ListLocationOptions,
): Promise<Location> {
  return locationAt(store, stored, { ...options, within: [] });
}

async function locationAt(
  store: Store,
  { id, list, instances, artifacts }: StoredList,
  { within, ...options }: ListLocationOptions & { readonly within: readonly string[] },
): Promise<Location> {
  if (within.includes(id) || within.length > indexDepthLimit) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      within.includes(id)
        ? `the list ${id.slice(0, 12)} stands in itself`
        : `lists stand in lists more than ${indexDepthLimit} times`,
      { hint: "remove one of them from the list that it stands in" },
    );
  }
  const { select, resolve, signal } = options;
  throwIfAborted(signal, `look for the images of the list ${id.slice(0, 12)}`);
  const transport = containersStorage({ store });
  const inStore = (text: string): Location => {
    return { transport, reference: transport.parse(text), text: `${storeScheme}:${text}` };
  };
  const { images } = await store.read({ signal });
  const orList = async (location: Location): Promise<Location> => {
    const { id: wanted, dockerReference } = transport.parse(location.reference.text);
    const name = dockerReference && formatReference(dockerReference);
    const image = images.find(({ id: each, names }) =>
      wanted === undefined ? name !== undefined && names.includes(name) : each === wanted,
    );
    if (image === undefined || !isStoredList(image)) return location;
    return locationAt(store, await readStoredList(store, image.id, { signal }), {
      ...options,
      within: [...within, id],
    });
  };
  const find = async (text: string): Promise<Location> => {
    const rest = text.startsWith(`${storeScheme}:`) ? text.slice(storeScheme.length + 1) : undefined;
    if (rest === undefined) return resolve(text);
    const { store: named } = transport.parse(rest);
    return named === undefined || named.graphRoot === store.graphRoot ? inStore(rest) : resolve(text);
  };
  const listName = images.find((image) => image.id === id)?.names[0] ?? id.slice(0, 12);
  const wanted = list.entries.map(({ digest }) => digest).filter((digest) => isWanted(select, digest));
  const byPlace = new Map<string, Digest[]>();
  const others: CompositeMember[] = [];
  for (const digest of wanted) {
    const artifact = artifactLocation(artifacts, digest, listName);
    const place = instances.get(digest);
    if (artifact !== undefined) others.push({ location: artifact });
    else if (place !== undefined) byPlace.set(place, [...(byPlace.get(place) ?? []), digest]);
  }
  for (const [place, digests] of byPlace) {
    const location = await located(place, find);
    others.push({
      location: location.transport === transport ? await orList(location) : location,
      instances: digests,
    });
  }
  return composite({ top: inStore(`@${id}`), others, select, platform: options.platform });
}

function isWanted(select: CompositeSelection, digest: Digest): boolean {
  return select === "all" || select === "system" || select.instances.includes(digest);
}

async function located(place: string, find: (text: string) => Promise<Location>): Promise<Location> {
  try {
    return await find(place);
  } catch (error) {
    if (!isDrayageError<string>(error)) throw error;
    throw new DrayageError(error.code, `an image of the list is at ${place}: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
}
