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

/** The versions of skopeo and buildah whose flags and output the tests compare with. */
const likeSkopeo = "1.9.3";
export const likeBuildah = "1.28.2";

/** The specifications that this buildah names. */
export const specifications: { readonly image: string; readonly runtime: string } = {
  image: "1.1.0-rc2",
  runtime: "1.0.2-dev",
};

/** What `--version` prints. Scripts that look for skopeo's version find it where dray stands in for skopeo. */
export function versionLine(personality: Personality): string {
  const version = drayVersion();
  if (personality === "skopeo") return `skopeo version ${likeSkopeo} (dray ${version})\n`;
  if (personality === "dray") return `dray version ${version}\n`;
  return `buildah version ${likeBuildah} (image-spec ${specifications.image}, runtime-spec ${specifications.runtime}, dray ${version})\n`;
}
