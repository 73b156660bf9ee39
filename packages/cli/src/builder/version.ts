import { hostPlatform } from "@drayage/manifest";
import type { DrayContext } from "../context.ts";
import { goIndentedJson } from "../output/json.ts";
import { likeBuildah, specifications } from "../version.ts";
import type { VersionFlags } from "./manage.command.ts";
import { said } from "./said.ts";

/** `buildah version`: of the buildah that this stands for; what it has of Go is not there. */
export async function version(this: DrayContext, flags: VersionFlags, ...words: string[]): Promise<void> {
  const [word] = words;
  if (word !== undefined) throw said(`unknown command ${JSON.stringify(word)} for "buildah version"`);
  const platform = `${process.platform}/${hostPlatform().architecture}`;
  const facts = {
    version: likeBuildah,
    goVersion: "",
    imageSpec: specifications.image,
    runtimeSpec: specifications.runtime,
    cniSpec: "",
    libcniVersion: "",
    imageVersion: "",
    gitCommit: "",
    built: "Thu Jan  1 00:00:00 1970",
    osArch: platform,
    buildPlatform: platform,
  };
  if (flags.json) {
    this.process.stdout.write(goIndentedJson(facts));
    return;
  }
  const lines = Object.entries(titles).map(
    ([key, title]) => `${title.padEnd(16)} ${facts[key as keyof typeof facts]}\n`,
  );
  this.process.stdout.write(lines.join(""));
}

const titles = {
  version: "Version:",
  goVersion: "Go Version:",
  imageSpec: "Image Spec:",
  runtimeSpec: "Runtime Spec:",
  cniSpec: "CNI Spec:",
  libcniVersion: "libcni Version:",
  imageVersion: "image Version:",
  gitCommit: "Git Commit:",
  built: "Built:",
  osArch: "OS/Arch:",
  buildPlatform: "BuildPlatform:",
} as const;
