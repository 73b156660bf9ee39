import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { createSha256 } from "@drayage/kernels";
import { mediaTypes, normalizeTime } from "@drayage/manifest";
import {
  blobName,
  checkLayoutFile,
  entryDescriptor,
  indexFile,
  layoutFile,
  layoutNames,
  parseLayoutIndex,
  parseLayoutPlace,
  selectImage,
} from "@drayage/oci-layout";
import { imageRecord } from "../output/inspection.ts";
import { goIndentedJson } from "../output/json.ts";
import type { Personality } from "../personality.ts";
import { plainConfig, plainManifest } from "./documents.ts";
import { parsePlainJson, plainLimit } from "./plain-json.ts";

/**
 * What `dray inspect oci:…` prints of an image of one platform whose documents are small and plain, verified as
 * always. Undefined for everything else, and for whatever is wrong: then the command itself answers. It prints
 * the same, and has to load four times as much.
 */
export function quickInspection(
  image: string,
  { personality, env }: { readonly personality: Personality; readonly env: NodeJS.ProcessEnv },
): string | undefined {
  const reference = /^oci(?:-dir)?:(.*)$/s.exec(image)?.[1];
  if (reference === undefined) return undefined;
  try {
    return mayBeConfigured(env) ? undefined : inspectLayout(reference, personality);
  } catch {
    // The command finds the same, and says what it is.
    return undefined;
  }
}

/** Whether there may be a configuration, which may name plugins. */
function mayBeConfigured({ DRAYAGE_CONFIG, XDG_CONFIG_HOME, HOME }: NodeJS.ProcessEnv): boolean {
  if (DRAYAGE_CONFIG || (!XDG_CONFIG_HOME && !HOME)) return true;
  const folder = XDG_CONFIG_HOME || join(HOME ?? "", ".config");
  return statSync(join(folder, "drayage", "config.json"), { throwIfNoEntry: false }) !== undefined;
}

function inspectLayout(reference: string, personality: Personality): string | undefined {
  const place = parseLayoutPlace(reference, "oci-dir");
  checkLayoutFile(readSmall(join(place.path, layoutFile)), layoutFile);
  const index = parseLayoutIndex(readSmall(join(place.path, indexFile)), indexFile);
  const selection = selectImage(index, place, indexFile);
  if (selection.kind === "flat" || selection.entry.mediaType !== mediaTypes.ociManifest) return undefined;

  const descriptor = entryDescriptor(selection.entry, indexFile);
  const manifest = readDocument(place.path, descriptor);
  if (!plainManifest(manifest)) return undefined;
  const config = readDocument(place.path, manifest.config);
  if (!plainConfig(config)) return undefined;

  const record = imageRecord(
    { name: undefined },
    {
      tag: "",
      created: config.created == null ? undefined : normalizeTime(config.created),
      dockerVersion: config.docker_version ?? "",
      labels: config.config?.Labels ?? undefined,
      architecture: config.architecture ?? "",
      os: config.os ?? "",
      layers: manifest.layers.map((layer) => layer.digest),
      layersData: manifest.layers.map(({ annotations, ...layer }) => ({
        ...layer,
        annotations: annotations ?? undefined,
      })),
      env: config.config?.Env ?? undefined,
    },
    { digest: descriptor.digest, names: personality === "skopeo" ? [] : layoutNames(index) },
  );
  return goIndentedJson(record);
}

/** The value of a blob that is as its descriptor says; undefined where it is not plain. */
function readDocument(
  folder: string,
  { digest, size }: Pick<ReturnType<typeof entryDescriptor>, "digest" | "size">,
): unknown {
  const bytes = readSmall(join(folder, blobName(digest)));
  return bytes.length === size && sha256(bytes) === digest ? parsePlainJson(bytes) : undefined;
}

/** By the kernel: node:crypto takes twice as long to load as that takes to compile. Throws where there is no kernel. */
function sha256(bytes: Uint8Array): string {
  const hash = createSha256();
  hash.update(bytes);
  return `sha256:${Buffer.from(hash.digest()).toString("hex")}`;
}

/** All of a small file. Whatever its size is said to be, no more is read. */
function readSmall(path: string): Uint8Array {
  // Without O_NONBLOCK a FIFO would be waited for.
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size > plainLimit) throw new RangeError("not a small file");
    const room = new Uint8Array(stats.size + 1);
    let size = 0;
    for (let count = -1; count !== 0 && size < room.length; size += count) {
      count = readSync(descriptor, room, size, room.length - size, null);
    }
    if (size !== stats.size) throw new RangeError("it has another size than it says");
    return room.subarray(0, size);
  } finally {
    closeSync(descriptor);
  }
}
