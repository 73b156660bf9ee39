import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DrayageError, ioError, isDrayageError } from "@drayage/errors";
import { isNameOnly, parseNormalizedNamed } from "@drayage/reference";
import {
  type DestinationOptions,
  joinPath,
  type Location,
  type OperationOptions,
  requireAbility,
  type Transport,
} from "@drayage/transport";
import { kindOfPath } from "./folder-tree.ts";
import { formatName, type ImageName, safeComponents } from "./names.ts";
import { dockerLocation } from "./sources-of-registries.ts";

/** Where images go. */
export interface SyncDestination {
  readonly destinationOptions?: DestinationOptions | undefined;
  /** The place of an image of this name. Throws `ERR_DRAYAGE_REFERENCE_INVALID` for a name that cannot be had there. */
  locate(name: ImageName): Location;
  /** Makes the folders that the place needs. */
  prepare?(name: ImageName): Promise<void>;
  /** Throws `ERR_DRAYAGE_DESTINATION_EXISTS` where something is at the place. */
  refuseExisting?(name: ImageName): Promise<void>;
  /** Names what the image's blobs are shared within: those of two images with one such name need not be sent twice. */
  storeOf?(name: ImageName): string | undefined;
  /** Whether signatures and the like can stand beside the image that they refer to. */
  readonly keepsReferrers: boolean;
  /** Absent: the tags there cannot be listed and deleted. */
  readonly tags?: DestinationTags | undefined;
}

export interface DestinationTags {
  /** None where there is no such repository. */
  list(repository: string, options: OperationOptions): Promise<readonly string[]>;
  /** Deletes a tag, and no other. False where the place can only delete a manifest with all of its tags. */
  delete(name: ImageName, options: OperationOptions): Promise<boolean>;
}

export interface RegistryDestinationOptions {
  /** That of `docker://`, or one that takes the same references. */
  readonly transport: Transport;
  readonly destinationOptions?: DestinationOptions | undefined;
}

/**
 * A registry (`registry.example.com`), or a path in it.
 *
 * @throws ERR_DRAYAGE_REFERENCE_INVALID
 */
export function registryDestination(
  root: string,
  { transport, destinationOptions }: RegistryDestinationOptions,
): SyncDestination {
  const base = root.replace(/(?<!\/)\/+$/, "");
  // Any image's name tells whether names can stand behind it.
  if (base === "" || !isNameOnly(parseNormalizedNamed(`${base}/x`))) throw noRegistry(root);
  const locate = (name: ImageName): Location =>
    dockerLocation({ ...name, repository: `${base}/${name.repository}` }, transport);
  return {
    destinationOptions,
    locate,
    storeOf: () => base,
    keepsReferrers: true,
    tags: {
      async list(repository, { signal }) {
        const { reference } = locate({ repository });
        try {
          return await requireAbility(transport, "listTags").listTags(reference, {
            ...destinationOptions,
            signal,
          });
        } catch (error) {
          if (isDrayageError(error, "ERR_DRAYAGE_REPOSITORY_NOT_FOUND")) return [];
          throw error;
        }
      },
      async delete(name, { signal }) {
        const { deleteImage } = requireAbility(transport, "deleteImage");
        try {
          await deleteImage(locate(name).reference, { ...destinationOptions, signal, tagOnly: true });
          return true;
        } catch (error) {
          if (isDrayageError(error, "ERR_DRAYAGE_REGISTRY_UNSUPPORTED")) return false;
          throw error;
        }
      },
    },
  };
}

export interface FolderDestinationOptions {
  readonly transport: Transport;
  readonly destinationOptions?: DestinationOptions | undefined;
}

/** `dir:`: a folder `NAME:TAG` for each image. */
export function dirDestination(root: string, options: FolderDestinationOptions): SyncDestination {
  checkRoot(root);
  const pathOf = (name: ImageName): string => {
    const components = safeComponents(name.repository);
    return join(
      root,
      ...components.slice(0, -1),
      formatName({ ...name, repository: components.at(-1) ?? "" }),
    );
  };
  return {
    destinationOptions: options.destinationOptions,
    locate: (name) => locationOf(pathOf(name), options.transport),
    prepare: (name) => makeFolder(dirname(pathOf(name))),
    async refuseExisting(name) {
      const path = pathOf(name);
      if ((await kindOfPath(path)) === "absent") return;
      throw new DrayageError(
        "ERR_DRAYAGE_DESTINATION_EXISTS",
        `Refusing to overwrite destination directory ${JSON.stringify(path)}`,
      );
    },
    keepsReferrers: false,
  };
}

/** `oci-dir:`: a layout for each repository, with its tags as names. */
export function ociDirDestination(
  root: string,
  { transport, destinationOptions }: FolderDestinationOptions,
): SyncDestination {
  checkRoot(root);
  const pathOf = ({ repository }: ImageName): string => join(root, ...safeComponents(repository));
  const locate = (name: ImageName): Location =>
    locationOf(joinPath(pathOf(name), name.tag ?? name.digest), transport);
  return {
    destinationOptions,
    locate,
    prepare: (name) => makeFolder(dirname(pathOf(name))),
    storeOf: pathOf,
    keepsReferrers: true,
    tags: {
      async list(repository, { signal }) {
        const { reference } = locationOf(joinPath(pathOf({ repository })), transport);
        try {
          return await requireAbility(transport, "listTags").listTags(reference, {
            ...destinationOptions,
            signal,
          });
        } catch (error) {
          if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return [];
          throw error;
        }
      },
      async delete(name, { signal }) {
        const { deleteImage } = requireAbility(transport, "deleteImage");
        // The transport removes the name, and of the blobs those that no other image of the layout needs.
        await deleteImage(locate(name).reference, { ...destinationOptions, signal });
        return true;
      },
    },
  };
}

/** `oci-archive:`: a file `NAME/TAG.tar` for each image, which has its tag as name in the archive. */
export function ociArchiveDestination(
  root: string,
  { transport, destinationOptions }: FolderDestinationOptions,
): SyncDestination {
  checkRoot(root);
  const pathOf = ({ repository, tag, digest }: ImageName): string => {
    const file = tag ?? (digest === undefined ? "latest" : `@${digest.replace(":", "-")}`);
    return join(root, ...safeComponents(repository), `${file}.tar`);
  };
  return {
    destinationOptions,
    locate: (name) => locationOf(joinPath(pathOf(name), name.tag), transport),
    prepare: (name) => makeFolder(dirname(pathOf(name))),
    keepsReferrers: false,
  };
}

function locationOf(text: string, transport: Transport): Location {
  return { transport, reference: transport.parse(text), text: `${transport.scheme}:${text}` };
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw ioError(error, "create the folder", { path, side: "destination" });
  }
}

function checkRoot(root: string): void {
  if (root !== "" && !root.includes("\0")) return;
  throw new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", `${JSON.stringify(root)} is no path`, {
    side: "destination",
  });
}

function noRegistry(root: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_REFERENCE_INVALID",
    `${JSON.stringify(root)} is no registry, or path in one`,
    { side: "destination", hint: "write HOST or HOST/PATH, without docker:// and without a tag" },
  );
}
