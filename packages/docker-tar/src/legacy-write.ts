import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import { encodeGoJson } from "@drayage/manifest";
import { rawMembers } from "./json-members.ts";

/** What the directory of one layer of the format before docker 1.10 holds. */
export interface LegacyLayer {
  /** 64 hex digits, the directory's name. */
  readonly id: string;
  /** The bytes of its file `json`. */
  readonly json: Uint8Array;
}

/** What the top layer's json has of the image's config. */
const configMembers = [
  "architecture",
  "config",
  "container",
  "container_config",
  "created",
  "docker_version",
  "os",
] as const;

/**
 * The legacy layers of an image, the base first, with the ids that github.com/containers/image gives them: the hash
 * of the layer's own json with its chain id in it (`layer_id`) and no `id`. Equal layers on different parents
 * so have different ids, and parents never form a cycle.
 *
 * @param config valid JSON whose top is an object
 */
export function legacyLayers(diffIds: readonly Digest[], config: Uint8Array): readonly LegacyLayer[] {
  const layers: LegacyLayer[] = [];
  let chainId: Digest | undefined;
  for (const [index, diffId] of diffIds.entries()) {
    chainId = chainId === undefined ? diffId : digestBytes(Buffer.from(`${chainId} ${diffId}`));
    const members = new Map<string, unknown>();
    if (index === diffIds.length - 1) {
      const raw = rawMembers(config);
      for (const name of configMembers) members.set(name, raw.get(name) ?? null);
    }
    const parent = layers.at(-1)?.id;
    if (parent !== undefined) members.set("parent", parent);
    const id = digestHex(digestBytes(encodeGoJson(new Map([...members, ["layer_id", chainId]]))));
    layers.push({ id, json: encodeGoJson(new Map([...members, ["id", id]])) });
  }
  return layers;
}
