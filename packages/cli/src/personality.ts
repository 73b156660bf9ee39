import { basename } from "node:path";

/** Which tool's manners the command has: its own, or those of the tool that a symbolic link names. */
export type Personality = "dray" | "skopeo" | "buildah";

/** The manners that the name of the called file asks for: a link named `skopeo` gets skopeo's, one named `buildah` buildah's. */
export function personalityOf(calledAs = ""): Personality {
  const name = /^(skopeo|buildah)(\.[a-z]+)?$/.exec(basename(calledAs))?.[1];
  return (name as Personality | undefined) ?? "dray";
}

/** Whether the program was called as buildah, and not its commands by `dray builder`, which have buildah's manners, too. */
export function isCalledBuildah(context: {
  readonly personality: Personality;
  readonly calledAs?: Personality | undefined;
}): boolean {
  return (context.calledAs ?? context.personality) === "buildah";
}
