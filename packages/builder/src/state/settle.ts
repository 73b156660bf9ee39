import { randomBytes } from "node:crypto";
import {
  buildersPlatform,
  goTime,
  hostPlatform,
  type ImageConfig,
  type ImageConfigs,
  mediaTypes,
  zeroTime,
} from "@drayage/manifest";
import { editImage } from "./edit-image.ts";
import type { BuilderState } from "./state.ts";

/**
 * Fills in what buildah fills in whenever it opens a container (its `fixupConfig`): times, operating system and architecture where there are none,
 * the usual name of an architecture, docker's `container_config` from its `config`, and a host name for images in docker's format.
 */
export function settle(state: BuilderState): BuilderState {
  const { oci, docker, annotations } = withPlatform(state.image);
  const now = goTime(new Date());
  const given = docker.config ?? docker.container_config ?? {};
  const needsHostname = state.format === mediaTypes.dockerManifest && !given.Hostname;
  const container = needsHostname ? { ...given, Hostname: randomBytes(6).toString("hex") } : given;
  const { docker_version: _, ...rest } = docker;
  return {
    ...state,
    image: {
      annotations,
      oci: { ...oci, created: createdOf(oci) ?? now },
      docker: {
        ...rest,
        created: createdOf(docker) ?? now,
        container_config: container,
        config: container,
      },
    },
  };
}

/** Operating system and architecture where there are none, and without a variant the architecture by its usual name: `armhf` is `arm` `v7`. */
export function withPlatform(image: ImageConfigs): ImageConfigs {
  const host = hostPlatform();
  const { os, architecture, variant } = image.oci;
  const given = { os: os || host.os, architecture: architecture || host.architecture, variant };
  return editImage(image, buildersPlatform(given));
}

function createdOf({ created }: ImageConfig): string | undefined {
  return created === zeroTime ? undefined : created;
}
