import { isDrayageError, throwIfAborted } from "@drayage/errors";
import { type LayoutPlace, layoutNames, readLayoutIndex } from "@drayage/oci-layout";
import type { SourceOptions } from "@drayage/transport";
import { openArchive } from "./archive.ts";

/** The names of images that go when the archive is replaced by one of this name. A file that is no archive has none. */
export async function otherNames(place: LayoutPlace, options: SourceOptions): Promise<readonly string[]> {
  try {
    const archive = await openArchive(place, options);
    try {
      const names = layoutNames((await readLayoutIndex(archive)).index);
      return names.filter((name) => name !== place.name);
    } finally {
      await archive.close();
    }
  } catch (error) {
    throwIfAborted(options.signal);
    // Whatever is wrong with the earlier file, it is about to be replaced.
    if (isDrayageError(error)) return [];
    throw error;
  }
}

const mostNames = 10;
const longestName = 100;

/** What is said of the images that went. */
export function replacedText(label: string, names: readonly string[]): string {
  const shown = names.slice(0, mostNames).map((name) => JSON.stringify(name.slice(0, longestName)));
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
  return `${label} was replaced, and with it the images ${shown.join(", ")}${more}: to add to an archive, use append (dray copy --dest-append)`;
}
