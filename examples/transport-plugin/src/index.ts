/**
 * A transport of drayage for images that are kept in one zip file: `zip:image.zip`.
 *
 * The zip holds `manifest.json`, `<hex>.manifest.json` for each image of an index, and each config and
 * layer under the hex digits of its digest. Entries are stored, not compressed, so that a layer is a range
 * of the zip file and is read from its place.
 * @module
 */
import { defineTransport, type Transport } from "@drayage/transport";
import { openZipDestination } from "./destination.ts";
import { parseZipReference, type ZipReference } from "./reference.ts";
import { openZipSource } from "./source.ts";

export type { ZipReference } from "./reference.ts";

/** The `zip:` transport. */
export function zip(): Transport<ZipReference> {
  return defineTransport({
    scheme: "zip",
    summary: "an image in one zip file",
    syntax: "PATH",
    parse: parseZipReference,
    openSource: openZipSource,
    openDestination: openZipDestination,
  });
}

const transport: Transport<ZipReference> = zip();

export default transport;
