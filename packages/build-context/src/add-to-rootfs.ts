import { streamBlob } from "@drayage/blob";
import { DrayageError } from "@drayage/errors";
import { xattrReader } from "@drayage/pack";
import { loadSys } from "@drayage/sys";
import { unpackLayer } from "@drayage/unpack";
import { folderRoot } from "./folder-root.ts";
import { openDestination } from "./layer/open-destination.ts";
import { writeLayer } from "./layer/write-layer.ts";
import type { AddedFacts, AddToRootfsOptions, IdMapping } from "./options.ts";
import type { OwnerId } from "./owner.ts";
import { prepare } from "./pack-sources.ts";
import { rootfsOwnership } from "./rootfs-ownership.ts";

/**
 * Puts sources into a mounted root file system, by the rules of `packSources`. Links in it are followed within it; what is outside of
 * it is neither read nor changed. Files are replaced, and so are folders by files, as buildah does. After an error a part may be there,
 * but no half of a file.
 *
 * @throws as `packSources` and its `tar`, and what `unpackLayer` of @drayage/unpack throws
 */
export async function addToRootfs(
  rootfs: string,
  sources: readonly string[],
  destination: string,
  options: AddToRootfsOptions = {},
): Promise<AddedFacts> {
  const { signal, uidMap, gidMap } = options;
  const root = folderRoot(rootfs);
  const prepared = await prepare(sources, destination, { ...options, root });
  const { changes, found, destination: place } = prepared;
  try {
    const wanted = options.chown === undefined || options.chown === "" ? undefined : changes.owner;
    const { ownership, forceMask } = rootfsOwnership(
      rootfs,
      options,
      wanted && mapped(wanted, { uidMap, gidMap }),
    );
    const groups = await prepared.groups(signal);
    const owner = changes.owner ?? { uid: 0, gid: 0 };
    using opened = openDestination(rootfs, place.folder, {
      owner: ownership === "none" && forceMask === undefined ? undefined : mapped(owner, { uidMap, gidMap }),
      mayFail: ownership === "try",
      forceMask,
      time: changes.time,
    });
    let facts: AddedFacts | undefined;
    const open = (asked: { readonly borrow?: boolean | undefined }): AsyncIterable<Uint8Array> =>
      writeLayer({
        ...prepared,
        items: found.items,
        groups,
        settings: {
          ...changes,
          readXattrs: xattrReader(loadSys() !== undefined),
          names: undefined,
          typeBits: false,
          exactTimes: true,
        },
        form: "folder",
        isDigestWanted: true,
        isDigestPortable: options.portableDigest === true,
        borrow: asked.borrow ?? false,
        signal,
        onEnd: (known) => {
          facts = known;
        },
      });
    await unpackLayer(streamBlob(open, { borrows: true, what: "what is added" }), {
      // By its descriptor: whoever renames it meanwhile leads nobody elsewhere.
      root: opened.folder.at(".").toString(),
      whiteouts: "keep",
      ownership,
      forceMask,
      uidMap,
      gidMap,
      implied: { ...owner, mtime: changes.time },
      signal,
    });
    opened.settle();
    if (facts === undefined) throw new TypeError("what was added is known in the end");
    return facts;
  } finally {
    await found[Symbol.asyncDispose]();
  }
}

/** An owner of the container as this machine has it. @throws `ERR_DRAYAGE_USAGE` where no mapping has it */
function mapped(
  { uid, gid }: OwnerId,
  { uidMap, gidMap }: Pick<AddToRootfsOptions, "uidMap" | "gidMap">,
): OwnerId {
  return { uid: mappedId(uid, uidMap), gid: mappedId(gid, gidMap) };
}

function mappedId(id: number, mappings: readonly IdMapping[] = []): number {
  if (mappings.length === 0) return id;
  const mapping = mappings.find(({ containerId, size }) => id >= containerId && id < containerId + size);
  if (mapping !== undefined) return mapping.hostId + id - mapping.containerId;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `the id ${id} is in no mapping of the container`);
}
