import { statSync } from "node:fs";
import type { Digest } from "@drayage/digest";
import { DrayageError, ioError } from "@drayage/errors";
import type { Descriptor } from "@drayage/manifest";
import type { OperationOptions } from "@drayage/transport";
import { readFileFacts } from "./file-facts.ts";
import type { ListArtifacts } from "./list-artifacts.ts";

export interface ArtifactFileOptions extends OperationOptions {
  readonly artifact: Digest;
  /** The list, as a command names it, for the hint. */
  readonly list: string;
}

/**
 * The file of a blob of an artifact: the one that the list knows for it, or, where that is gone, another of the same content that an artifact of
 * the list was made of.
 *
 * @throws `ERR_DRAYAGE_BLOB_NOT_FOUND` naming the artifact's own file, `ERR_DRAYAGE_IO`
 */
export async function artifactFile(
  { detached, files, configs, layers }: ListArtifacts,
  { digest, size }: Descriptor,
  { artifact, list, signal }: ArtifactFileOptions,
): Promise<string> {
  const known = detached.get(digest);
  if (known === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_BLOB_NOT_FOUND",
      `the list knows no file for ${digest} of the artifact ${artifact}`,
    );
  }
  if (sizeOf(known) !== undefined) return known;
  const others = [...files].flatMap(([each, paths]) =>
    configs.get(each) === digest || layers.get(each)?.includes(digest) === true ? paths : [],
  );
  for (const other of new Set(others)) {
    if (sizeOf(other) === size && (await readFileFacts(other, signal)).digest === digest) return other;
  }
  const own = files.get(artifact)?.find((path) => sizeOf(path) === undefined) ?? known;
  throw new DrayageError(
    "ERR_DRAYAGE_BLOB_NOT_FOUND",
    `the artifact ${artifact} of the list lacks its file: ${JSON.stringify(own)} is gone`,
    { hint: `put it back, or leave the artifact out: dray manifest remove ${list} ${artifact}` },
  );
}

/** Undefined where there is no such file. */
function sizeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size;
  } catch (error) {
    throw ioError(error, "look for a file of the artifact", { path });
  }
}
