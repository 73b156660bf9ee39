import { accessSync, constants } from "node:fs";
import path from "node:path";
import table from "../peers.json" with { type: "json" };

/** A program that tests compare with, by the name of its binary. */
export type PeerName = keyof typeof table;

/** Where the peer's binary is, or undefined where it is not installed. */
export function findPeer(name: PeerName): string | undefined {
  // The system folders are not on every user's path, and runc lives in one.
  const folders = [...(process.env.PATH ?? "").split(path.delimiter), "/usr/sbin", "/sbin"];
  return folders
    .filter(path.isAbsolute)
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
}

/** The Debian package that brings the peer. */
export function packageOf(name: PeerName): string {
  return table[name].package;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
