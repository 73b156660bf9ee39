import { encodeGoJson, RawJson } from "@drayage/manifest";
import { dockerImage, historyItems, ociImage } from "../state/encode-state.ts";
import type { BuilderState, HistoryItem, Isolation } from "../state/state.ts";

const policies = ["NetworkDefault", "NetworkDisabled", "NetworkEnabled"];
const isolationNames: Readonly<Record<Isolation, string>> = {
  default: "oci",
  oci: "oci",
  chroot: "chroot",
  rootless: "rootless",
};

/**
 * What `buildah inspect` (1.28) tells of a container or image, its fields in its order, for `encodeGoJson`: lists and objects are plain
 * data, maps are Maps, `OCIv1` and `Docker` raw JSON.
 */
export function inspection(state: BuilderState): Readonly<Record<string, unknown>> {
  const { document } = state;
  const { oci, docker } = state.image;
  const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
  const policy: unknown = document.ConfigureNetwork;
  return {
    Type: "buildah 0.0.1",
    FromImage: state.fromImage,
    FromImageID: state.fromImageId,
    FromImageDigest: state.fromImageDigest,
    Config: text(state.baseConfig),
    Manifest: text(state.baseManifest),
    Container: state.container,
    ContainerID: state.containerId,
    MountPoint: state.mountPoint ?? "",
    ProcessLabel: document["process-label"] ?? "",
    MountLabel: document["mount-label"] ?? "",
    ImageAnnotations: annotationsOf(state),
    ImageCreatedBy: state.createdBy,
    OCIv1: ociImage(oci),
    Docker: dockerImage(docker),
    DefaultMountsFilePath: state.defaultMountsFile ?? "",
    Isolation: isolationNames[state.isolation],
    NamespaceOptions: document.NamespaceOptions ?? null,
    Capabilities: sortedTexts(document.Capabilities),
    ConfigureNetwork: (typeof policy === "number" ? policies[policy] : undefined) ?? "NetworkDefault",
    CNIPluginPath: document.CNIPluginPath ?? "",
    CNIConfigDir: document.CNIConfigDir ?? "",
    IDMappingOptions: document.IDMappingOptions ?? null,
    History: historyItems(historyOf(state)),
    Devices: document.Devices ?? null,
  };
}

function sortedTexts(value: unknown): readonly unknown[] | null {
  if (!Array.isArray(value)) return null;
  const items: readonly unknown[] = value;
  return items.toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
}

/** A container's file says nothing of none, and Go then knows no map. */
function annotationsOf({ annotations, containerId }: BuilderState): ReadonlyMap<string, string> | null {
  const entries = Object.entries(annotations);
  return entries.length === 0 && containerId !== "" ? null : new Map(entries);
}

/** That of the image, and what will come before and behind the container's own entry. */
export function historyOf(state: BuilderState): readonly HistoryItem[] {
  return [...(state.image.oci.history ?? []), ...state.prependedEmptyLayers, ...state.appendedEmptyLayers];
}

/** {@link inspection} as one line of JSON. */
export function encodeInspection(state: BuilderState): Uint8Array {
  return new RawJson(encodeGoJson(inspection(state))).bytes;
}
