import { writeFile } from "node:fs/promises";
import { DrayageError, ioError } from "@drayage/errors";
import { formatReference, parseNormalizedNamed, tagNameOnly } from "@drayage/reference";
import type { Location } from "@drayage/transport";
import type { Locations } from "./locations.ts";
import type { FoundImage } from "./store/find-local-image.ts";

/** Where an image of the store is to be pushed: a name is a registry's, unless a transport's scheme stands before it. */
export async function pushDestination(
  locations: Locations,
  { image, name }: FoundImage,
  to?: string,
): Promise<Location> {
  const target = to ?? name ?? image.names[0];
  if (target === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `the image ${image.id.slice(0, 12)} has no name to push it to`,
      { hint: "name the destination" },
    );
  }
  const scheme = target.slice(0, Math.max(target.indexOf(":"), 0));
  if (locations.registry.has(scheme)) return locations.resolve(target, "destination");
  const reference = formatReference(tagNameOnly(parseNormalizedNamed(target)));
  return locations.resolve(`docker://${reference}`, "destination");
}

/** @throws `ERR_DRAYAGE_IO` */
export async function writeDigest(path: string, digest: string): Promise<void> {
  try {
    await writeFile(path, digest);
  } catch (error) {
    throw ioError(error, "write the digest of the pushed image", { path });
  }
}
