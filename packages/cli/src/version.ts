import { readFileSync } from "node:fs";
import type { Personality } from "./personality.ts";

/** The version in this package's own package.json. */
function drayVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Whether the first argument asks for the version alone. */
export function isVersionRequest(argument: string | undefined): boolean {
  return argument === "--version" || argument === "-v" || argument === "version";
}

/** What `--version` prints. Scripts that look for skopeo's line find it where dray stands in for skopeo. */
export function versionLine(personality: Personality): string {
  return `${personality} version ${drayVersion()}\n`;
}
