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

/** The version of skopeo whose flags and output the tests compare with. */
const likeSkopeo = "1.9.3";

/** What `--version` prints. Scripts that look for skopeo's version find it where dray stands in for skopeo. */
export function versionLine(personality: Personality): string {
  return personality === "skopeo"
    ? `skopeo version ${likeSkopeo} (dray ${drayVersion()})\n`
    : `dray version ${drayVersion()}\n`;
}
