import {
  encodeDockerConfig,
  encodeGoJson,
  encodeOciConfig,
  type ImageConfig,
  parseJson,
  RawJson,
} from "@drayage/manifest";
import { builderFields, containerType, documentValue } from "./document.ts";
import { isolationNumber } from "./isolation.ts";
import type { BuilderState, HistoryItem } from "./state.ts";

/** A state as the bytes of `buildah.json`: those that buildah 1.28 writes for it, and then what it does not know. */
export function encodeState(state: BuilderState): Uint8Array {
  const known = knownMembers(state);
  const members = builderFields.map((name): [string, unknown] => [
    name,
    Object.hasOwn(known, name) ? known[name] : documentValue(name, state.document[name]),
  ]);
  const unknown = Object.entries(state.document).filter(([name]) => !builderFields.includes(name));
  return encodeGoJson(Object.fromEntries([...members, ...unknown]));
}

function knownMembers(state: BuilderState): Readonly<Record<string, unknown>> {
  const { annotations } = state;
  return {
    type: containerType,
    image: text(state.fromImage),
    "image-id": state.fromImageId,
    "image-digest": state.fromImageDigest,
    config: bytes(state.baseConfig),
    manifest: bytes(state.baseManifest),
    "container-name": text(state.container),
    "container-id": text(state.containerId),
    mountpoint: text(state.mountPoint),
    annotations: Object.keys(annotations).length === 0 ? undefined : new Map(Object.entries(annotations)),
    "created-by": text(state.createdBy),
    "history-comment": text(state.historyComment),
    ociv1: ociImage(state.image.oci),
    docker: dockerImage(state.image.docker),
    defaultMountsFilePath: text(state.defaultMountsFile),
    "process-label": text(label(state, "process-label")),
    "mount-label": text(label(state, "mount-label")),
    Isolation: isolationNumber(state.isolation),
    PrependedEmptyLayers: historyItems(state.prependedEmptyLayers),
    AppendedEmptyLayers: historyItems(state.appendedEmptyLayers),
    TopLayer: state.topLayer,
    Format: state.format,
  };
}

function label({ document }: BuilderState, name: string): string | undefined {
  const value = document[name];
  return typeof value === "string" ? value : undefined;
}

/** The config in OCI's format as it stands in `buildah.json`. */
export function ociImage(image: ImageConfig): RawJson {
  return withExtra(encodeOciConfig(image), image);
}

/** The config in docker's format as it stands in `buildah.json`. */
export function dockerImage(image: ImageConfig): RawJson {
  return withExtra(encodeDockerConfig(image), image);
}

/** Puts what later versions know behind what is known. */
function withExtra(encoded: Uint8Array, image: ImageConfig): RawJson {
  const { config, container_config: container } = image;
  const extras = new Map<string, ReadonlyMap<string, RawJson> | undefined>([
    ["", image.extra],
    ["config", config?.extra],
    ["container_config", container?.extra],
    ["config.Healthcheck", config?.Healthcheck?.extra],
    ["container_config.Healthcheck", container?.Healthcheck?.extra],
  ]);
  if ([...extras.values()].every((extra) => extra === undefined)) return new RawJson(encoded);
  return new RawJson(encodeGoJson(extended(encoded, "", extras)));
}

function extended(
  encoded: Uint8Array,
  path: string,
  extras: ReadonlyMap<string, ReadonlyMap<string, RawJson> | undefined>,
): unknown {
  const node = parseJson(encoded, {
    what: "config",
    code: "ERR_DRAYAGE_CONFIG_INVALID",
    limit: encoded.length,
  });
  if (node.kind !== "object") return new RawJson(encoded);
  const members = node.members.map(({ name, value }): [string, unknown] => {
    const inner = path === "" ? name : `${path}.${name}`;
    const part = encoded.subarray(value.start, value.end);
    const goesOn = [...extras.keys()].some((key) => key === inner || key.startsWith(`${inner}.`));
    return [name, goesOn ? extended(part, inner, extras) : new RawJson(part)];
  });
  return Object.fromEntries([...members, ...(extras.get(path) ?? [])]);
}

/** Go's order. */
export function historyItems(items: readonly HistoryItem[]): readonly object[] | null {
  if (items.length === 0) return null;
  return items.map((item) => ({
    created: item.created,
    created_by: text(item.created_by),
    author: text(item.author),
    comment: text(item.comment),
    empty_layer: item.empty_layer === true ? true : undefined,
  }));
}

function text(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function bytes(value: Uint8Array | undefined): Uint8Array | undefined {
  return value?.length === 0 ? undefined : value;
}
