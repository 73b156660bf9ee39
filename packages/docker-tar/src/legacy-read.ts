import { drain, inflated } from "@drayage/blob";
import { type Digest, digestBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { encodeGoJson } from "@drayage/manifest";
import type { Archive } from "./archive.ts";
import type { ArchiveImage } from "./images.ts";
import { rawMembers } from "./json-members.ts";
import { isObject, parseJsonText } from "./json-text.ts";
import { type LoadedImage, type LoadedLayer, loadLayer } from "./load.ts";
import { configLimit, legacyConfigFile, legacyLayerFile, manifestFile } from "./names.ts";
import { readRepositories } from "./repositories.ts";

/** A layer of the format before docker 1.10: a directory with `json`, `layer.tar` and `VERSION`. */
interface LegacyDirectory {
  readonly id: string;
  readonly parent: string | undefined;
}

/**
 * The images of an archive without `manifest.json`: those that `repositories` names, in its order, and then those
 * that are nobody's parent, in the archive's order.
 */
export async function readLegacyImages(
  archive: Archive,
  signal?: AbortSignal,
): Promise<readonly ArchiveImage[]> {
  const directories = await readDirectories(archive, signal);
  if (directories.size === 0) throw noImages(archive);
  const namesOf = new Map<string, string[]>();
  for (const [name, tags] of await readRepositories(archive, signal)) {
    for (const [tag, id] of tags) namesOf.set(id, [...(namesOf.get(id) ?? []), `${name}:${tag}`]);
  }
  const parents = new Set([...directories.values()].map(({ parent }) => parent));
  for (const id of directories.keys()) {
    if (!parents.has(id) && !namesOf.has(id)) namesOf.set(id, []);
  }
  if (namesOf.size === 0) {
    throw malformed(archive, "no layer is the top of an image: each is the parent of another");
  }
  return [...namesOf].map(([top, names]) => ({
    names,
    load: (loadSignal) => loadLegacyImage(archive, chainOf(archive, directories, top), loadSignal),
  }));
}

async function readDirectories(
  archive: Archive,
  signal: AbortSignal | undefined,
): Promise<Map<string, LegacyDirectory>> {
  const directories = new Map<string, LegacyDirectory>();
  for (const { name } of archive.entries) {
    const [id = "", file, ...rest] = name.split("/");
    if (file !== legacyConfigFile || rest.length > 0 || directories.has(id)) continue;
    const document = await readLayerJson(archive, id, signal);
    const parent = document.parent;
    directories.set(id, { id, parent: typeof parent === "string" && parent !== "" ? parent : undefined });
  }
  return directories;
}

/** The image's layers, base first. */
function chainOf(
  archive: Archive,
  directories: ReadonlyMap<string, LegacyDirectory>,
  top: string,
): readonly string[] {
  const chain = new Set<string>();
  let child: string | undefined;
  for (let id: string | undefined = top; id !== undefined; ) {
    const directory = directories.get(id);
    if (directory === undefined) {
      const who = child === undefined ? "repositories names" : `its parent in ${JSON.stringify(child)}`;
      throw malformed(archive, `there is no layer ${JSON.stringify(id)} (${who})`);
    }
    if (chain.has(id)) throw malformed(archive, `layer ${JSON.stringify(id)} is its own ancestor`);
    chain.add(id);
    child = id;
    id = directory.parent;
  }
  return [...chain].reverse();
}

async function loadLegacyImage(
  archive: Archive,
  chain: readonly string[],
  signal: AbortSignal | undefined,
): Promise<LoadedImage> {
  const diffIds: Digest[] = [];
  const layers = new Map<Digest, LoadedLayer>();
  const history: unknown[] = [];
  for (const id of chain) {
    const entry = archive.resolve(`${id}/${legacyLayerFile}`);
    // Nothing says beforehand what the bytes hash to, so that they are read once more than those of other archives.
    const { digest, size } = await drain(
      inflated(archive.blobOf(entry)),
      { kind: "writer", write: () => {} },
      { signal },
    );
    diffIds.push(digest);
    if (!layers.has(digest)) layers.set(digest, await loadLayer(archive, entry, { digest, size }));
    history.push(historyOf(await readLayerJson(archive, id, signal)));
  }
  const top = await archive.read(`${chain.at(-1)}/${legacyConfigFile}`, { limit: configLimit, signal });
  const config = configOf(top, { diffIds, history });
  return { config, configDigest: digestBytes(config), diffIds, layers };
}

/** What a layer's own json has, but an image's config has not. */
const layerMembers = ["id", "parent", "parent_id", "layer_id", "throwaway", "Size"];

/** The image config that docker makes of the top layer's json when it loads such an archive. */
function configOf(
  topJson: Uint8Array,
  { diffIds, history }: { readonly diffIds: readonly Digest[]; readonly history: readonly unknown[] },
): Uint8Array {
  const members = new Map<string, unknown>(rawMembers(topJson));
  for (const name of layerMembers) members.delete(name);
  members.set("rootfs", { type: "layers", diff_ids: diffIds });
  members.set("history", history);
  return encodeGoJson(members);
}

/** A layer's entry in the history, its members in docker's order. */
function historyOf(document: Readonly<Record<string, unknown>>): unknown {
  const container = document.container_config;
  const command = isObject(container) ? container.Cmd : undefined;
  return {
    created: text(document.created),
    author: text(document.author),
    created_by: Array.isArray(command) ? text(command.join(" ")) : undefined,
    comment: text(document.comment),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

async function readLayerJson(
  archive: Archive,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const name = `${id}/${legacyConfigFile}`;
  const what = `${JSON.stringify(name)} of ${archive.shown}`;
  const document = parseJsonText(await archive.read(name, { limit: configLimit, signal }), { what });
  if (isObject(document)) return document;
  throw new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${what} is malformed: it is not an object`);
}

function noImages(archive: Archive): DrayageError {
  const isOci = archive.find("oci-layout") !== undefined;
  return new DrayageError(
    "ERR_DRAYAGE_LAYOUT_INVALID",
    `${archive.shown} is no docker archive: it has no ${manifestFile} and no layers of the older format`,
    {
      hint: isOci ? "it is an OCI layout: read it as oci-archive" : "name an archive that docker save wrote",
    },
  );
}

function malformed(archive: Archive, reason: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${archive.shown} is malformed: ${reason}`);
}
