import { randomBytes } from "node:crypto";
import { goTime, hostPlatform, type ImageConfig, mediaTypes, zeroTime } from "@drayage/manifest";
import type { BuilderState } from "./state.ts";

/**
 * Fills in what buildah fills in whenever it opens a container (its `fixupConfig`): times, operating system and architecture where there are none,
 * docker's `container_config` from its `config`, and a host name for images in docker's format.
 */
export function settle(state: BuilderState): BuilderState {
  const { oci, docker, annotations } = state.image;
  const now = goTime(new Date());
  const host = hostPlatform();
  const platform = {
    os: oci.os || host.os,
    architecture: oci.architecture || host.architecture,
  };
  const both = {
    ...(oci.os === "" ? { os: platform.os } : {}),
    ...(oci.architecture === "" ? { architecture: platform.architecture } : {}),
  };
  const given = docker.config ?? docker.container_config ?? {};
  const needsHostname = state.format === mediaTypes.dockerManifest && !given.Hostname;
  const container = needsHostname ? { ...given, Hostname: randomBytes(6).toString("hex") } : given;
  const { docker_version: _, ...rest } = docker;
  return {
    ...state,
    image: {
      annotations,
      oci: { ...oci, ...both, created: createdOf(oci) ?? now },
      docker: {
        ...rest,
        ...both,
        created: createdOf(docker) ?? now,
        container_config: container,
        config: container,
      },
    },
  };
}

function createdOf({ created }: ImageConfig): string | undefined {
  return created === zeroTime ? undefined : created;
}
