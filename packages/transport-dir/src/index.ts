/**
 * The `dir:` transport: an image's files in a folder.
 * @module
 */
import { defineTransport, type Transport } from "@drayage/transport";
import { openDestination } from "./destination.ts";
import { type DirReference, parseReference, scheme } from "./reference.ts";
import { openSource } from "./source.ts";

export type { DirReference } from "./reference.ts";

/** The transport of images that are plain files in a folder. */
export function dir(): Transport<DirReference> {
  return defineTransport<DirReference>({
    scheme,
    summary: "an image's files in a folder of its own",
    syntax: "PATH",
    parse: parseReference,
    openSource,
    openDestination,
  });
}

const transport: Transport<DirReference> = dir();
export default transport;
