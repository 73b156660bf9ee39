import { DrayageError, isDrayageError, withSide } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import type { Location } from "@drayage/transport";
import type { DrayContext } from "./context.ts";
import type { GlobalFlags } from "./global-flags.ts";
import { type Locations, openLocations, requireText } from "./locations.ts";
import type { FoundImage } from "./store/find-local-image.ts";
import type { StorePlaceFlags } from "./store/store-flags.ts";

/** Where an image is to be read. It has to be closed: an image of the store is read from a store that was opened for it. */
export interface SourceLocation extends Location, AsyncDisposable {
  readonly stored?: StoredSource | undefined;
}

/** The store that an image is in, where it was opened to find it. */
export interface StoredSource {
  readonly store: Store;
  /** Where the image was named as podman's commands take names. */
  readonly found?: FoundImage | undefined;
}

type SourceFlags = Pick<GlobalFlags, "plugin" | "registriesConf" | "registriesConfDir"> & StorePlaceFlags;

/** What the user wrote, and the command it was written for. */
interface Written {
  readonly text: string;
  readonly what: string;
}

/**
 * Where an image is to be read from, written as `TRANSPORT:DETAILS`, or as the name or ID of an image of the store, as podman's commands
 * take them. A scheme counts more: only what begins with none that there is is looked for in the store. Called as skopeo no
 * store is asked.
 *
 * @throws what the transports throw for what names neither; `ERR_DRAYAGE_AMBIGUOUS`
 */
export async function resolveSource(
  context: DrayContext,
  flags: SourceFlags,
  { text, what }: Written,
): Promise<SourceLocation> {
  const name = requireText(text, what);
  const locations = await openLocations(context, flags.plugin);
  try {
    return await withPlaceOf(flags, context, await locations.resolve(name));
  } catch (error) {
    if (context.personality === "skopeo" || !isWithoutTransport(error, name, locations)) {
      throw withSide(error, "source");
    }
    const found = await lookInStore(context, flags, { name, error });
    if (found === undefined) throw withSide(mayBeName(name, error) ? noSuchImage(name) : error, "source");
    return found;
  }
}

/**
 * The place that a text with a transport's scheme names. What has none is looked for in the store only to tell, in the error, how the image is
 * written that may be meant.
 *
 * @throws what the transports throw
 */
export async function resolveStrictly(
  context: DrayContext,
  flags: SourceFlags,
  { locations, ...written }: Written & { readonly locations: Locations },
): Promise<Location> {
  const name = requireText(written.text, written.what);
  try {
    return await locations.resolve(name, "source");
  } catch (error) {
    if (context.personality !== "dray" || !isWithoutTransport(error, name, locations)) throw error;
    await using found = await lookInStore(context, flags, { name, error });
    if (found === undefined) throw error;
    const { code, message, side } = error;
    throw new DrayageError(code, message, { hint: `did you mean ${found.text}?`, side, cause: error });
  }
}

/** The same for several readings of one text, in their order; the first that is something counts. */
export async function resolveFirst<Reading extends { readonly image: string }>(
  context: DrayContext,
  flags: SourceFlags,
  { readings, what }: { readonly readings: readonly Reading[]; readonly what: string },
): Promise<{ readonly location: SourceLocation; readonly reading: Reading }> {
  const errors: unknown[] = [];
  for (const reading of readings) {
    try {
      return { location: await resolveSource(context, flags, { text: reading.image, what }), reading };
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors.find((error) => isDrayageError(error, "ERR_DRAYAGE_AMBIGUOUS")) ?? errors[0];
}

/** The flags that name a store count for `containers-storage:NAME`, too. */
async function withPlaceOf(
  flags: SourceFlags,
  context: DrayContext,
  location: Location,
): Promise<SourceLocation> {
  const { transport, reference } = location;
  const isNamed = [flags.root, flags.runroot, flags.storageDriver, flags.storageOpt].some(
    (value) => value !== undefined,
  );
  if (!isNamed || transport.scheme !== "containers-storage" || reference.text.startsWith("[")) {
    return { ...location, [Symbol.asyncDispose]: async () => undefined };
  }
  const [{ openLocalStore }, { storedLocation }] = await Promise.all([
    import("./store/open-local-store.ts"),
    import("./store/stored-location.ts"),
  ]);
  const store = await openLocalStore(context, flags);
  return {
    ...(await storedLocation(store, reference.text)),
    stored: { store },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Whether a text was refused since it begins with no scheme that there is. */
function isWithoutTransport(
  error: unknown,
  name: string,
  { registry }: Locations,
): error is DrayageError<string> {
  const scheme = name.slice(0, Math.max(0, name.indexOf(":")));
  return (
    !registry.has(scheme) &&
    (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID") ||
      isDrayageError(error, "ERR_DRAYAGE_TRANSPORT_UNKNOWN") ||
      isDrayageError(error, "ERR_DRAYAGE_TRANSPORT_MISSING"))
  );
}

/** Whether a text that names neither a transport nor an image of the store is most likely an image's mistyped name. */
function mayBeName(name: string, error: DrayageError<string>): boolean {
  if (!nameLike.test(name) || archiveLike.test(name)) return false;
  if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return true;
  // Whose scheme is nearly one that there is has mistyped that.
  return (
    isDrayageError(error, "ERR_DRAYAGE_TRANSPORT_UNKNOWN") &&
    !name.includes("://") &&
    error.hint?.startsWith("did you mean") !== true
  );
}

function noSuchImage(name: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `the store has no image ${JSON.stringify(name)}`, {
    hint: `dray images lists those that are there; an image in a registry is docker://${name}, a folder oci-dir:${name}`,
  });
}

const archiveLike = /\.(?:tar|tgz|tar\.[a-z0-9]+)(?::|$)/;

/** What names of images and IDs are made of. Paths that begin with a dot or a slash are neither. */
const nameLike = /^[a-z0-9][\w.:/@+-]*$/i;

async function lookInStore(
  context: DrayContext,
  flags: SourceFlags,
  { name, error }: { readonly name: string; readonly error: DrayageError<string> },
): Promise<SourceLocation | undefined> {
  if (!nameLike.test(name)) return undefined;
  const { openStored } = await import("./store/open-stored.ts");
  try {
    return await openStored(context, flags, name);
  } catch (cause) {
    if (!isDrayageError(cause) || isDrayageError(cause, "ERR_DRAYAGE_AMBIGUOUS")) throw cause;
    const { code, message, hint } = error;
    const reason = `the store was not looked at: ${cause.message}`;
    throw new DrayageError(code, message, {
      hint: hint === undefined ? reason : `${hint}; ${reason}`,
      cause,
    });
  }
}
