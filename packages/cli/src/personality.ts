import { basename } from "node:path";

/** Which tool's manners the command has: its own, or those of the tool that a symbolic link names. */
export type Personality = "dray" | "skopeo" | "buildah";

/** The manners that the name of the called file asks for: a link named `skopeo` gets skopeo's, one named `buildah` buildah's. */
export function personalityOf(calledAs = ""): Personality {
  const name = /^(skopeo|buildah)(\.[a-z]+)?$/.exec(basename(calledAs))?.[1];
  return (name as Personality | undefined) ?? "dray";
}
