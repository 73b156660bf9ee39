import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { builtinTransports } from "../builtins.ts";
import { textParser } from "./parsers.ts";

/** An argument that names an image as TRANSPORT:DETAILS. */
export interface ImageArgument {
  readonly parse: typeof textParser;
  readonly placeholder: string;
  readonly brief: string;
  readonly proposeCompletions: (partial: string) => Promise<readonly string[]>;
}

export function imageArgument(placeholder: string, brief: string): ImageArgument {
  return { parse: textParser, placeholder, brief, proposeCompletions: proposeImages };
}

/** Schemes while there is no colon, and then the files that the rest may mean. */
async function proposeImages(partial: string): Promise<readonly string[]> {
  const colon = partial.indexOf(":");
  if (colon < 0) {
    const schemes = builtinTransports.flatMap(({ scheme, aliases = [] }) => [scheme, ...aliases]);
    return schemes.map((scheme) => `${scheme}:`).filter((text) => text.startsWith(partial));
  }
  const path = partial.slice(colon + 1);
  const folder = path.endsWith("/") ? path : dirname(path);
  const prefix = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : "";
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .map((entry) => `${partial.slice(0, colon + 1)}${prefix}${entry.name}${entry.isDirectory() ? "/" : ""}`)
      .filter((text) => text.startsWith(partial));
  } catch {
    // A folder that cannot be listed has nothing to propose.
    return [];
  }
}
