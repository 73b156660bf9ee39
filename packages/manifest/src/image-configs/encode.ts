import type { ImageConfig } from "../config.ts";
import {
  dockerContainer,
  encodeDockerHistory,
  encodeGoOciConfig,
  list,
  number,
  text,
} from "../encode-config.ts";
import { encodeGoJson } from "../json/encode.ts";
import { zeroTime } from "../time.ts";

/**
 * A config as buildah 1.28 writes that of an OCI image: the fields of the OCI specification alone, in the order of its Go structs.
 */
export function encodeOciConfig(config: ImageConfig): Uint8Array {
  return encodeGoOciConfig(config);
}

/**
 * A config as buildah 1.28 writes that of a docker image (its `V2Image`): docker's fields alone, in the order of its Go structs,
 * `container_config` and `config` both. A health check's `StartInterval` is where later builds have it.
 */
export function encodeDockerConfig(config: ImageConfig): Uint8Array {
  const { rootfs, history } = config;
  return encodeGoJson({
    id: text(config.id),
    comment: text(config.comment),
    created: config.created ?? zeroTime,
    container: text(config.container),
    container_config: dockerContainer(config.container_config ?? {}, "buildah"),
    docker_version: text(config.docker_version),
    author: text(config.author),
    config: config.config === undefined ? undefined : dockerContainer(config.config, "buildah"),
    architecture: text(config.architecture),
    variant: text(config.variant),
    os: text(config.os),
    Size: number(config.Size),
    parent: text(config.parent),
    rootfs: rootfs === undefined ? undefined : { type: rootfs.type, diff_ids: list(rootfs.diff_ids) },
    history: history === undefined || history.length === 0 ? undefined : encodeDockerHistory(history),
    "os.version": text(config["os.version"]),
    "os.features": list(config["os.features"]),
  });
}
