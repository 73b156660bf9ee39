import table from "../peers.json" with { type: "json" };
import { findProgram } from "./programs.ts";

/** A program that tests compare with, by the name of its binary. */
export type PeerName = keyof typeof table;

/** Where the peer's binary is, or undefined where it is not installed. */
export function findPeer(name: PeerName): string | undefined {
  return findProgram(name);
}

/** The Debian package that brings the peer. */
export function packageOf(name: PeerName): string {
  return table[name].package;
}
