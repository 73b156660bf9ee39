import path from "node:path";
import { type DescribeOptions, findEntry, type StoredList } from "@drayage/composite";
import { type Digest, isDigest } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { manifestDigest } from "@drayage/manifest";
import type { Location, SourceOptions } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { listedImage, withSource } from "./listed-image.ts";

type Places = Omit<Parameters<typeof listedImage>[2], "members" | "platform" | "place">;

/**
 * The entry of a list that a person means: by its digest, by a file of an artifact, or by an image that has the entry's digest: one of the
 * store, or elsewhere where that is said. No registry is asked for what has no transport.
 *
 * @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`
 */
export async function findListEntry(
  context: DrayContext,
  { list, artifacts }: StoredList,
  { text, opened, ...places }: { readonly text: string; readonly opened: SourceOptions } & Places,
): Promise<Digest> {
  if (isDigest(text)) return findEntry(list, text).digest;
  const file = path.resolve(text);
  const [ofFile] = [...artifacts.files].find(([, files]) => files.includes(file)) ?? [];
  if (ofFile !== undefined) return findEntry(list, ofFile).digest;
  const location = await locate(context, text, places);
  const own = await withSource({ location }, opened, (source) =>
    source.manifest(undefined, { signal: context.signal }),
  );
  return findEntry(list, manifestDigest(own.bytes)).digest;
}

async function locate(context: DrayContext, text: string, places: Places): Promise<Location> {
  const members: DescribeOptions["members"] = "nested";
  try {
    const options = { ...places, members, platform: undefined, place: "store or transport" } as const;
    return (await listedImage(context, text, options)).location;
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) throw error;
    throw new DrayageError(error.code, `the list has no entry ${JSON.stringify(text)}`, {
      hint: "dray manifest inspect shows its entries; an image that is not in the store is named with its transport, as in docker://NAME",
      cause: error,
    });
  }
}
