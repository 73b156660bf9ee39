import { basename, join } from "node:path";
import type { ContainerDevice } from "@drayage/run";

/** A device as `buildah.json` has it, in our words. Who asked for a folder has the folder's name as the source of all in it. */
export function writtenDevice(device: Readonly<Record<string, unknown>>): ContainerDevice {
  const { type, path, Source: source, Destination: destination, permissions } = device;
  const place = text(path);
  const isInFolder = text(destination) !== "" && text(destination) !== place;
  return {
    source: isInFolder ? join(text(source), basename(place)) : text(source) || place,
    path: place,
    // Runes, to Go: numbers.
    kind: type === "b".charCodeAt(0) ? "block" : "character",
    major: number(device.major),
    minor: number(device.minor),
    permissions: text(permissions) || "rwm",
    mode: number(device.file_mode),
    uid: number(device.uid),
    gid: number(device.gid),
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
