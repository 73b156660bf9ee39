/**
 * The `oci-dir:` transport: an OCI image layout in a folder.
 * @module
 */
import { explicitPath } from "@drayage/blob";
import { throwIfAborted } from "@drayage/errors";
import { layoutNames, openLayoutSource, readLayoutIndex, resolveLayoutImage } from "@drayage/oci-layout";
import {
  defineTransport,
  pathScopes,
  type TransportDefinition,
  type TransportWith,
} from "@drayage/transport";
import { layoutFolder } from "./folder.ts";
import { type OciDirReference, parseReference, scheme } from "./reference.ts";

export type { OciDirReference } from "./reference.ts";

/** A transport with all that this one can do. */
export type OciDirTransport = TransportWith<
  "openSource" | "openDestination" | "deleteImage" | "listTags" | "resolveImage",
  OciDirReference
>;

/** The transport of OCI image layouts in folders. */
export function ociDir(): OciDirTransport {
  const definition = {
    scheme,
    aliases: ["oci"],
    summary: "an OCI image layout in a folder",
    syntax: "PATH[:NAME]",
    parse: parseReference,
    async openSource(reference, options = {}) {
      throwIfAborted(options.signal, `open ${scheme}:${reference.text}`);
      const folder = layoutFolder(reference.place, options.sharedBlobDir);
      return openLayoutSource(reference, reference.place, folder, options);
    },
    async resolveImage(reference, options = {}) {
      throwIfAborted(options.signal, `read ${scheme}:${reference.text}`);
      return resolveLayoutImage(reference.place, layoutFolder(reference.place, options.sharedBlobDir));
    },
    // What writes is loaded when something is to be written.
    openDestination: async (reference, options) =>
      (await import("./destination.ts")).openDestination(reference, options),
    deleteImage: async (reference, options) => (await import("./delete.ts")).deleteImage(reference, options),
    async listTags(reference, options = {}) {
      throwIfAborted(options.signal, `list ${scheme}:${reference.text}`);
      const folder = layoutFolder(reference.place, options.sharedBlobDir);
      return layoutNames((await readLayoutIndex(folder)).index);
    },
    // Not the name: a layout's path with a name and without one may mean the same image.
    policyScopes: ({ place }) => pathScopes(explicitPath(place.path)),
  } satisfies TransportDefinition<OciDirReference>;
  return { ...defineTransport<OciDirReference>(definition), ...definition };
}

const transport: OciDirTransport = ociDir();
export default transport;
