import { basename, dirname } from "node:path";
import { ioError } from "@drayage/errors";
import { parseStagedName } from "./staged-name.ts";

/** The error of a write. Of a file that has its name only later it names the folder: nobody has asked for the name that it has meanwhile. */
export function writeError(error: unknown, path: string): unknown {
  const isStaged = parseStagedName(basename(path)) !== undefined;
  return ioError(error, "write", { path: isStaged ? dirname(path) : path });
}
