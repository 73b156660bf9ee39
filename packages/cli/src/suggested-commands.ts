import { editDistance } from "@drayage/transport";
import { builderCommandNames, otherTools } from "./builder/command-names.ts";
import type { Personality } from "./personality.ts";

/** What takes something away: suggested for nothing but a slip of one letter, or of two that changed places. */
const destroying: ReadonlySet<string> = new Set(["delete", "prune", "rm", "rmi", "untag"]);

/** What may be meant by a command that dray does not have: one of builder's, else those that are a slip away. */
export function topCommands(
  written: string,
  names: readonly string[],
  personality: Personality,
): readonly string[] {
  const own = otherTools[written] ?? written;
  const builders = personality === "dray" ? builderCommandNames : [];
  if (builders.includes(own)) return [`builder ${own}`];
  const near = slipsOf(written, names);
  return near.length > 0 ? near : slipsOf(written, builders).map((name) => `builder ${name}`);
}

/** The names that a word may be a slip of. */
function slipsOf(written: string, names: readonly string[]): readonly string[] {
  return names.filter((name) => {
    const distance = editDistance(written, name);
    if (!destroying.has(name)) return distance <= Math.ceil(written.length / 3);
    return distance <= 1 || (distance === 2 && sorted(written) === sorted(name));
  });
}

function sorted(word: string): string {
  return [...word].sort().join("");
}
