import type { Isolation } from "./state.ts";

const kinds: readonly Isolation[] = ["default", "oci", "chroot", "rootless"];

/** As buildah numbers them. */
export function isolationNumber(isolation: Isolation): number {
  return kinds.indexOf(isolation);
}

/** Undefined for what is none. */
export function isolationOf(number: number): Isolation | undefined {
  return kinds[number];
}
