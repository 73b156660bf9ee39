import path from "node:path";
import { type DescribeOptions, findEntry, type StoredList } from "@drayage/composite";
import { type Digest, isDigest } from "@drayage/digest";
import { manifestDigest } from "@drayage/manifest";
import type { SourceOptions } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { listedImage, withSource } from "./listed-image.ts";

/** The entry of a list that a person means: by its digest, by a file of an artifact, or by an image that has the entry's digest. */
export async function findListEntry(
  context: DrayContext,
  { list, artifacts }: StoredList,
  {
    text,
    opened,
    ...places
  }: { readonly text: string; readonly opened: SourceOptions } & Omit<
    Parameters<typeof listedImage>[2],
    "members" | "platform"
  >,
): Promise<Digest> {
  if (isDigest(text)) return findEntry(list, text).digest;
  const file = path.resolve(text);
  const [ofFile] = [...artifacts.files].find(([, files]) => files.includes(file)) ?? [];
  if (ofFile !== undefined) return findEntry(list, ofFile).digest;
  const whole: DescribeOptions["members"] = "nested";
  const { location } = await listedImage(context, text, { ...places, members: whole, platform: undefined });
  const own = await withSource(location, opened, (source) =>
    source.manifest(undefined, { signal: context.signal }),
  );
  return findEntry(list, manifestDigest(own.bytes)).digest;
}
