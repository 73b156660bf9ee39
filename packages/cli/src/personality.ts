import { basename } from "node:path";

/** Which tool's manners the command has: its own, or those of the tool that a symbolic link names. */
export type Personality = "dray" | "skopeo";

/** The manners that the name of the called file asks for: a link named `skopeo` gets skopeo's. */
export function personalityOf(calledAs: string | undefined): Personality {
  return calledAs !== undefined && /^skopeo(\.[a-z]+)?$/.test(basename(calledAs)) ? "skopeo" : "dray";
}
