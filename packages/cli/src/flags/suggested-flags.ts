import { editDistance } from "@drayage/transport";
import { type CommandParameters, hiddenFlags, spelling } from "./arguments.ts";
import { synonymsOf } from "./flag-synonyms.ts";

/**
 * The flags of a command that may be meant by one that it does not have, as they are written: other names for it (`--workdir` of
 * `--workingdir`), those of which one is the other's beginning (`--from` of `--from-layer`), and else those that the parser finds alike, by the names that they have in the program.
 */
export function suggestedFlags(
  written: string,
  { parameters }: { readonly parameters: CommandParameters },
  alike: readonly string[],
): readonly string[] {
  const hidden = new Set(hiddenFlags({ parameters }));
  const flag = spelling(written);
  const shown = Object.keys(parameters.flags ?? {})
    .map(spelling)
    .filter((one) => !hidden.has(one));
  const synonyms = new Set(synonymsOf(flag.slice(2)).map((name) => `--${name}`));
  const same = shown.filter((one) => synonyms.has(one));
  if (same.length > 0) return same;
  const near = shown.filter((one) => one.startsWith(flag) || flag.startsWith(one));
  if (near.length > 0) return near;
  // A third of the letters may be wrong.
  const most = Math.ceil((flag.length - 2) / 3);
  return alike.map(spelling).filter((one) => !hidden.has(one) && editDistance(flag, one) <= most);
}
