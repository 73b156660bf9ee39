import type { ContainerConfig, ImageConfig, RootFs } from "../config.ts";
import { configFromDockerV1 } from "../docker-v1-config.ts";
import { parseImageManifest } from "../parse.ts";
import { parseConfig } from "../parse-config.ts";
import { present } from "../parse-descriptor.ts";
import { hostPlatform } from "../platform.ts";
import { goTime, zeroTime } from "../time.ts";
import { buildersPlatform } from "./builders-platform.ts";

/**
 * One image's config in both formats, as builders keep it: what both know is the same in both, and what only docker's has
 * (health checks, ONBUILD, shell, hostname …) is in docker's. Plain data, changed by spreading.
 */
export interface ImageConfigs {
  /** `bytes` is the config that it was made of, and is not that of what it says after a change. */
  readonly oci: ImageConfig;
  /** `config` and `container_config` are alike. For `bytes` see {@link oci}. */
  readonly docker: ImageConfig;
  /** Of the manifest that it came from, OCI's. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What stands where an image says nothing. */
export interface ImageConfigDefaults {
  /** When the image was made; the current time where absent. */
  readonly now?: Date | undefined;
  /** As Go names it; this machine's where absent. */
  readonly os?: string | undefined;
  /** As Go names it; this machine's where absent. */
  readonly architecture?: string | undefined;
  /** `/` is that of buildah until 1.0, and of later ones for `scratch` from 1.37 on; none where absent, as of buildah 1.28. */
  readonly workingDir?: string | undefined;
}

export interface ImageConfigsInput {
  /** Absent, or empty, for docker v2s1, whose manifest has it. */
  readonly config?: Uint8Array | undefined;
  /** The manifest that names the config, as it is stored. */
  readonly manifest?: { readonly bytes: Uint8Array; readonly mediaType?: string | undefined } | undefined;
}

/**
 * The config of an image in both formats (buildah's `initConfig` and `fixupConfig`). An OCI config may have docker's fields, which
 * docker's then has. A config that docker wrote has the settings of the image, `config`, where there are any, and those of the container
 * that it was made of, `container_config`, where not.
 *
 * Of docker v2s1, the entry of the top layer is the config and the history is turned around, the oldest first; the diffIDs are empty,
 * since its blobs are compressed.
 *
 * @throws ERR_DRAYAGE_CONFIG_INVALID or ERR_DRAYAGE_MANIFEST_INVALID, naming the field, ERR_DRAYAGE_LIMIT_EXCEEDED
 */
export function imageConfigs(input: ImageConfigsInput, defaults: ImageConfigDefaults = {}): ImageConfigs {
  const manifest =
    input.manifest === undefined
      ? undefined
      : parseImageManifest(input.manifest.bytes, input.manifest.mediaType);
  if (input.config !== undefined && input.config.length > 0) {
    return fillIn(bothOf(parseConfig(input.config), manifest?.annotations), defaults);
  }
  if (manifest?.v1 === undefined) return emptyImageConfigs(defaults, manifest?.annotations);
  const config = parseConfig(configFromDockerV1(manifest.v1, []));
  return fillIn(bothOf({ ...config, rootfs: { type: "layers", diff_ids: [] } }), defaults);
}

/** The configs of an image without layers, `scratch`. */
export function emptyImageConfigs(
  defaults: ImageConfigDefaults = {},
  annotations?: ImageConfigs["annotations"],
): ImageConfigs {
  const nothing: ImageConfig = { bytes: new Uint8Array(0), architecture: "", os: "" };
  return fillIn(bothOf(nothing, annotations), defaults);
}

function bothOf(image: ImageConfig, annotations: ImageConfigs["annotations"] = {}): ImageConfigs {
  const container = image.config ?? image.container_config ?? {};
  const rootfs = layersOnly(image.rootfs);
  const { docker_version: _, ...docker } = image;
  return {
    oci: {
      bytes: image.bytes,
      ...present("created", image.created),
      ...present("author", image.author),
      architecture: image.architecture,
      os: image.os,
      ...present("os.version", image["os.version"]),
      ...present("os.features", image["os.features"]),
      ...present("variant", image.variant),
      config: ociContainer(container),
      ...present("rootfs", rootfs),
      ...present("history", image.history),
    },
    docker: { ...docker, ...present("rootfs", rootfs), config: container, container_config: container },
    annotations,
  };
}

/** Of another type the digests are not those of layers alone: Windows' `layers+base` had one that is in no registry. */
function layersOnly(rootfs: RootFs | undefined): RootFs | undefined {
  const taken = rootfs?.type === "layers" || (rootfs?.diff_ids ?? []).length === 0;
  return taken ? rootfs : { type: "", diff_ids: [] };
}

function ociContainer(container: ContainerConfig): ContainerConfig {
  return {
    ...present("User", container.User),
    ...present("ExposedPorts", container.ExposedPorts),
    ...present("Env", container.Env),
    ...present("Entrypoint", container.Entrypoint),
    ...present("Cmd", container.Cmd),
    ...present("Volumes", container.Volumes),
    ...present("WorkingDir", container.WorkingDir),
    ...present("Labels", container.Labels),
    ...present("StopSignal", container.StopSignal),
    ...present("ArgsEscaped", container.ArgsEscaped),
  };
}

function fillIn({ oci, docker, annotations }: ImageConfigs, defaults: ImageConfigDefaults): ImageConfigs {
  const host = hostPlatform();
  const platform = buildersPlatform({
    os: oci.os || defaults.os || host.os,
    architecture: oci.architecture || defaults.architecture || host.architecture,
    ...(oci.architecture === "" ? { variant: undefined } : present("variant", oci.variant)),
  });
  const common = {
    created: isSet(oci.created) ? oci.created : goTime(defaults.now ?? new Date()),
    os: platform.os,
    architecture: platform.architecture,
    ...present("variant", platform.variant),
  };
  const workingDir = oci.config?.WorkingDir || defaults.workingDir;
  const place = workingDir === undefined ? {} : { WorkingDir: workingDir };
  const container = { ...docker.config, ...place };
  return {
    oci: { ...oci, ...common, config: { ...oci.config, ...place } },
    docker: { ...docker, ...common, config: container, container_config: container },
    annotations,
  };
}

function isSet(time: string | undefined): time is string {
  return time !== undefined && time !== zeroTime;
}
