/**
 * The `dir:` transport: an image's files in a folder.
 * @module
 */
import { explicitPath } from "@drayage/blob";
import {
  defineTransport,
  pathScopes,
  type TransportDefinition,
  type TransportWith,
} from "@drayage/transport";
import { openDestination } from "./destination.ts";
import { type DirReference, parseReference, scheme } from "./reference.ts";
import { openSource, resolveImage } from "./source.ts";

export type { DirReference } from "./reference.ts";

/** A transport with all that this one can do. */
export type DirTransport = TransportWith<"openSource" | "openDestination" | "resolveImage", DirReference>;

/** The transport of images that are plain files in a folder. */
export function dir(): DirTransport {
  const definition = {
    scheme,
    summary: "an image's files in a folder of its own",
    syntax: "PATH",
    parse: parseReference,
    openSource,
    openDestination,
    resolveImage,
    policyScopes: ({ path }) => pathScopes(explicitPath(path)),
  } satisfies TransportDefinition<DirReference>;
  return { ...defineTransport<DirReference>(definition), ...definition };
}

const transport: DirTransport = dir();
export default transport;
