import {
  type DescribeOptions,
  isStoredList,
  listLocation,
  placeText,
  readStoredList,
  storedPlaceText,
} from "@drayage/composite";
import type { Digest } from "@drayage/digest";
import { DrayageError, isDrayageError, withSide } from "@drayage/errors";
import type { PlatformWish } from "@drayage/manifest";
import { formatReference, parseNormalizedNamed, tagNameOnly } from "@drayage/reference";
import type { Store } from "@drayage/storage";
import type { ImageSource, Location, SourceOptions } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import type { Locations } from "../locations.ts";
import { isCalledBuildah } from "../personality.ts";
import { type RegistriesPlace, registriesPlace } from "../registries-place.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { notInStoreEither } from "../store/not-in-store.ts";

/** An image that a list is to name. */
export interface ListedImage {
  readonly location: Location;
  /** What was looked for in the store in vain. */
  readonly sought?: string | undefined;
  /** How a list in the store writes where it is, or where one of its own images is. */
  readonly placeOf: (digest: Digest) => string;
}

interface ListedImageOptions extends RegistriesPlace {
  /** What is to be read of a list. */
  readonly members: NonNullable<DescribeOptions["members"]>;
  readonly platform: PlatformWish | undefined;
  readonly store: Store;
  readonly locations: Locations;
  /** Where what is named without a transport may be; anywhere where absent. */
  readonly place?: "anywhere" | "store or transport" | undefined;
}

/** What a person means by an image for a list: `TRANSPORT:DETAILS`, an image or a list of the store, or else one in a registry. */
export async function listedImage(
  context: DrayContext,
  text: string,
  { store, locations, members, platform, place: where, ...flags }: ListedImageOptions,
): Promise<ListedImage> {
  const { env, signal } = context;
  if (text === "") throw new DrayageError("ERR_DRAYAGE_USAGE", "the image's name is empty");
  const scheme = text.slice(0, Math.max(text.indexOf(":"), 0));
  const isStored = scheme === "containers-storage" && !text.startsWith("containers-storage:[");
  if (!isStored && locations.registry.has(scheme)) {
    const location = await locations.resolve(text, "source");
    return { location, placeOf: () => placeText(location) };
  }
  try {
    const options = { env, ...registriesPlace(flags) };
    const { image, name } = await findLocalImage(await store.read({ signal }), text, options);
    // As buildah has it: by its name only where it was named as a reference.
    const place = storedPlaceText(store, isStored && name !== undefined ? name : `@${image.id}`);
    if (isStoredList(image)) {
      const stored = await readStoredList(store, image.id, { signal });
      const resolve = (each: string): Promise<Location> => locations.resolve(each, "source");
      const select = members === "nested" ? { instances: [] } : members;
      return {
        location: await listLocation(store, stored, { select, platform, resolve, signal }),
        placeOf: (digest) => stored.instances.get(digest) ?? place,
      };
    }
    const { storedLocation } = await import("../store/stored-location.ts");
    return { location: await storedLocation(store, `@${image.id}`), placeOf: () => place };
  } catch (error) {
    const isElsewhere = !isStored && where !== "store or transport";
    if (!isElsewhere || !isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND"))
      throw withSide(error, "source");
  }
  const reference = formatReference(tagNameOnly(parseNormalizedNamed(text)));
  const location = await locations.resolve(`docker://${reference}`, "source");
  return {
    location,
    placeOf: () => placeText(location),
    // buildah's sentences say nothing of it.
    ...(isCalledBuildah(context) ? {} : { sought: text }),
  };
}

/** Opens a place for as long as `work` takes. */
export async function withSource<T>(
  { location, sought }: Pick<ListedImage, "location" | "sought">,
  options: SourceOptions,
  work: (source: ImageSource) => Promise<T>,
): Promise<T> {
  const { transport, reference, text } = location;
  if (transport.openSource === undefined) {
    throw new DrayageError("ERR_DRAYAGE_TRANSPORT_UNSUPPORTED", `${text} cannot be read from`, {
      side: "source",
    });
  }
  try {
    await using source = await transport.openSource(reference, options);
    return await work(source);
  } catch (error) {
    const told = sought === undefined ? error : notInStoreEither(error, { sought, location });
    throw withSide(told, "source");
  }
}
