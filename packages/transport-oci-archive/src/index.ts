/**
 * The `oci-archive:` transport: an OCI image layout in one tar file.
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
import { openArchive } from "./archive.ts";
import { openDestination } from "./destination.ts";
import { type OciArchiveReference, parseReference, scheme } from "./reference.ts";

export type { OciArchiveReference } from "./reference.ts";

/** A transport with all that this one can do. */
export type OciArchiveTransport = TransportWith<
  "openSource" | "openDestination" | "listTags" | "resolveImage",
  OciArchiveReference
>;

/** The transport of OCI image layouts in tar files. */
export function ociArchive(): OciArchiveTransport {
  const definition = {
    scheme,
    summary: "an OCI image layout in one tar file",
    syntax: "PATH[:NAME]",
    parse: parseReference,
    async openSource(reference, options = {}) {
      throwIfAborted(options.signal, `open ${scheme}:${reference.text}`);
      const files = await openArchive(reference.place, options);
      try {
        return await openLayoutSource(reference, reference.place, files, options);
      } catch (error) {
        await files.close();
        throw error;
      }
    },
    openDestination,
    async resolveImage(reference, options = {}) {
      throwIfAborted(options.signal, `read ${scheme}:${reference.text}`);
      const files = await openArchive(reference.place, options);
      try {
        return await resolveLayoutImage(reference.place, files);
      } finally {
        await files.close();
      }
    },
    async listTags(reference, options = {}) {
      throwIfAborted(options.signal, `list ${scheme}:${reference.text}`);
      const files = await openArchive(reference.place, options);
      try {
        return layoutNames((await readLayoutIndex(files)).index);
      } finally {
        await files.close();
      }
    },
    // Not the name: a layout's path with a name and without one may mean the same image.
    policyScopes: ({ place }) => pathScopes(explicitPath(place.path)),
  } satisfies TransportDefinition<OciArchiveReference>;
  return { ...defineTransport<OciArchiveReference>(definition), ...definition };
}

const transport: OciArchiveTransport = ociArchive();
export default transport;
