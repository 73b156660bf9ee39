/**
 * The `oci-dir:` transport: an OCI image layout in a folder.
 * @module
 */
import { throwIfAborted } from "@drayage/errors";
import { layoutNames, openLayoutSource, readLayoutIndex } from "@drayage/oci-layout";
import { defineTransport, type Transport } from "@drayage/transport";
import { deleteImage } from "./delete.ts";
import { openDestination } from "./destination.ts";
import { layoutFolder } from "./folder.ts";
import { type OciDirReference, parseReference, scheme } from "./reference.ts";

export type { OciDirReference } from "./reference.ts";

/** The transport of OCI image layouts in folders. */
export function ociDir(): Transport<OciDirReference> {
  return defineTransport<OciDirReference>({
    scheme,
    aliases: ["oci"],
    summary: "an OCI image layout in a folder",
    syntax: "PATH[:NAME]",
    parse: parseReference,
    async openSource(reference, options = {}) {
      throwIfAborted(options.signal, `open ${scheme}:${reference.text}`);
      const folder = layoutFolder(reference.place.path, options.sharedBlobDir);
      return openLayoutSource(reference, reference.place, folder);
    },
    openDestination,
    deleteImage,
    async listTags(reference, options = {}) {
      throwIfAborted(options.signal, `list ${scheme}:${reference.text}`);
      const folder = layoutFolder(reference.place.path, options.sharedBlobDir);
      return layoutNames((await readLayoutIndex(folder)).index);
    },
  });
}

const transport: Transport<OciDirReference> = ociDir();
export default transport;
