import type { Platform } from "../types.ts";

interface Names {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

const named: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  i386: ["386"],
  x86_64: ["amd64"],
  "x86-64": ["amd64"],
  aarch64: ["arm64"],
  arm: ["arm", "v7"],
  armhf: ["arm", "v7"],
  armel: ["arm", "v6"],
};

/**
 * A platform under the names that buildah 1.28 gives it when it opens an image or a container (containerd's `platforms`): other names for an
 * architecture are replaced, and those that mean a variant give it. One with a variant, or that is no plain name, stays; so does the system's name.
 */
export function buildersPlatform({ os, architecture, variant }: Names): Platform {
  const plain = /^[\w-]+$/;
  if (variant || !plain.test(os) || !plain.test(architecture))
    return { os, architecture, ...(variant ? { variant } : {}) };
  const lower = architecture.toLowerCase();
  const [name, implied] = (Object.hasOwn(named, lower) ? named[lower] : undefined) ?? [lower];
  return { os, architecture: name, ...(implied === undefined ? {} : { variant: implied }) };
}
