import { joinPath, otherReadings } from "@drayage/transport";
import type { LayoutPlace } from "./reference.ts";

/**
 * A hint for a place that is not there, where the path would be one if colons of the name belonged to it.
 * `isThere` says whether a path is a place of the transport's kind.
 */
export async function colonHint(
  { path, name }: LayoutPlace,
  scheme: string,
  isThere: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const reading of otherReadings({ path, rest: name })) {
    if (!(await isThere(reading.path))) continue;
    const text = joinPath(reading.path, reading.rest);
    return `${JSON.stringify(reading.path)} is there: write a colon of the path as \\: (${scheme}:${text})`;
  }
  return undefined;
}
