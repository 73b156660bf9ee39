import { type Digest, digestHex } from "@drayage/digest";
import { encodeGoJson, hostPlatform } from "@drayage/manifest";
import { formatTime } from "./time.ts";

/**
 * What the image says of itself beside its layers: an OCI image config without `rootfs` and `history`. What is absent
 * is filled in: this machine's architecture and system, and the latest time of the files.
 */
export interface TarballConfig {
  /** RFC 3339. */
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly architecture?: string | undefined;
  readonly os?: string | undefined;
  readonly "os.version"?: string | undefined;
  readonly "os.features"?: readonly string[] | undefined;
  readonly variant?: string | undefined;
  /** How to run it: `Env`, `Entrypoint`, `Cmd`, `User`, `WorkingDir`, `Labels` … */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** The comment of each layer in the history; `imported from tarball` where absent. */
  readonly comment?: string | undefined;
}

/** A layer as the history tells of it. */
export interface ConfigLayer {
  readonly diffId: Digest;
  /** When the file was changed last, in nanoseconds since 1970. */
  readonly time: bigint;
}

/** The bytes of the image's config, as github.com/containers/image writes them for the same files in UTC. */
export function encodeConfig(layers: readonly ConfigLayer[], config: TarballConfig = {}): Uint8Array {
  const { comment = "imported from tarball", variant, author } = config;
  const host = hostPlatform();
  return encodeGoJson({
    created: config.created ?? formatTime(latest(layers)),
    author,
    architecture: config.architecture ?? host.architecture,
    os: config.os ?? host.os,
    "os.version": config["os.version"],
    "os.features": config["os.features"],
    variant,
    config: config.config ?? {},
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ diffId, time }) => ({
      created: formatTime(time),
      created_by: `/bin/sh -c #(nop) ADD file:${digestHex(diffId)} in /`,
      comment,
    })),
  });
}

function latest(layers: readonly ConfigLayer[]): bigint {
  return layers
    .map(({ time }) => time)
    .reduce((one, other) => (other > one ? other : one), layers[0]?.time ?? 0n);
}
