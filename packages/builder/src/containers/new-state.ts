import { digestBytes } from "@drayage/digest";
import {
  emptyImageConfigs,
  encodeDockerConfig,
  encodeOciConfig,
  imageConfigs,
  mediaTypes,
  parseConfig,
} from "@drayage/manifest";
import type { ImageRecord, Store } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import { baseAnnotations } from "../state/base-annotations.ts";
import { settle } from "../state/settle.ts";
import type { BuilderState } from "../state/state.ts";
import { nameOfBase } from "./base-name.ts";
import type { CreateContainerOptions } from "./options.ts";
import type { Base } from "./pull-base.ts";
import { isolationFrom, runtimeDocument } from "./runtime.ts";
import { readStoredDocuments } from "./stored-documents.ts";

/** A state without a name and an ID yet. */
export type UnnamedState = Omit<BuilderState, "container" | "containerId" | "revision">;

/** What buildah writes down for a new container. */
export async function newState(
  store: Store,
  base: Base | undefined,
  options: CreateContainerOptions,
): Promise<UnnamedState> {
  const { format = "oci", platform, runtime, signal } = options;
  const document = await runtimeDocument(runtime);
  const common = {
    createdBy: "",
    historyComment: "",
    prependedEmptyLayers: [],
    appendedEmptyLayers: [],
    format: format === "docker" ? mediaTypes.dockerManifest : mediaTypes.ociManifest,
    isolation: isolationFrom(runtime),
    defaultMountsFile: runtime?.defaultMountsFile,
    document,
  };
  const defaults = { os: platform?.os, architecture: platform?.architecture };
  if (base === undefined) {
    const annotations = baseAnnotations({ digest: "", name: "" }, {});
    const image = { ...emptyImageConfigs(defaults), annotations };
    return unnamed({ ...common, ...nothing, annotations, image });
  }
  const { image: record, text } = base;
  const said = await saidByImage(store, record, { signal, platform, defaults });
  const name = nameOfBase(text, record.names);
  const annotations = baseAnnotations({ digest: said.digest, name }, said.image.annotations);
  return unnamed({
    ...common,
    fromImage: name,
    fromImageId: record.id,
    fromImageDigest: said.digest,
    topLayer: record.layer ?? "",
    baseConfig: said.config,
    baseManifest: said.manifest,
    annotations,
    image: { ...said.image, annotations },
  });
}

const nothing = { fromImage: "", fromImageId: "", fromImageDigest: "", topLayer: "" };

function unnamed(state: UnnamedState): UnnamedState {
  const { container: _, containerId: __, ...rest } = settle({ ...state, container: "", containerId: "" });
  return rest;
}

interface SaidByImage {
  readonly image: BuilderState["image"];
  readonly digest: string;
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
}

async function saidByImage(
  store: Store,
  record: ImageRecord,
  options: OperationOptions & {
    readonly platform?: CreateContainerOptions["platform"];
    readonly defaults: { readonly os?: string | undefined; readonly architecture?: string | undefined };
  },
): Promise<SaidByImage> {
  const { manifest, digest, config } = await readStoredDocuments(store, record, options);
  const { oci, docker, annotations } = imageConfigs({ config, manifest }, options.defaults);
  // Fields that buildah does not know do not go into its containers.
  const image = {
    annotations,
    oci: parseConfig(encodeOciConfig(oci)),
    docker: parseConfig(encodeDockerConfig(docker)),
  };
  return { image, digest, config, manifest: manifest.bytes };
}

/**
 * What an image of the store says, as the state of a container that is not there: `buildah inspect --type image`.
 *
 * @throws ERR_DRAYAGE_STORE_INVALID, ERR_DRAYAGE_CONFIG_INVALID
 */
export async function stateOfRecord(
  store: Store,
  record: ImageRecord,
  { signal }: OperationOptions = {},
): Promise<BuilderState> {
  const said = await saidByImage(store, record, { signal, defaults: {} });
  const { NamespaceOptions, IDMappingOptions } = await runtimeDocument();
  return settle({
    ...nothing,
    fromImage: record.names[0] ?? "",
    fromImageId: record.id,
    fromImageDigest: said.digest,
    container: "",
    containerId: "",
    createdBy: "",
    historyComment: "",
    annotations: said.image.annotations,
    image: said.image,
    prependedEmptyLayers: [],
    appendedEmptyLayers: [],
    format: "",
    isolation: "default",
    baseConfig: said.config,
    baseManifest: said.manifest,
    document: {
      Args: null,
      NamespaceOptions,
      ConfigureNetwork: 0,
      CNIPluginPath: "",
      CNIConfigDir: "",
      IDMappingOptions,
      Capabilities: null,
      CommonBuildOpts: null,
      TempVolumes: null,
      ContentDigester: {},
      Devices: null,
    },
    revision: digestBytes(said.manifest),
  });
}
