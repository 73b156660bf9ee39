import type { ByteString } from "@drayage/pack";
import { isFolder, type Planned } from "./planned.ts";

/**
 * In the order of a tree's names; of those with one name the first items first. What a later item takes the place of is not kept: what has
 * its name, what was below a name that is a file now, and the file that a folder has to be instead of.
 */
export function inOrder<P extends Planned>(lists: readonly (readonly P[])[]): readonly P[] {
  const [first = []] = lists;
  if (lists.length === 1) return first;
  // No name has a NUL, which is less than all that names have: a folder comes before what is in it, and that before others.
  const keyed = lists.flat().map((entry) => ({ entry, key: entry.name.replaceAll("/", "\0") }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.entry.item - b.entry.item));
  const entries = keyed.map(({ entry }) => entry);
  settle(entries);
  return entries;
}

/** A name that what is looked at is below of, or has. */
interface Place {
  readonly name: ByteString;
  /** Those of this name, the first item's first. */
  readonly entries: Planned[];
  /** The last item that has a file here, or in the place of a folder around it; -1 for none. */
  lastFile: number;
  /** The last item that has something below; -1 for none. */
  lastBelow: number;
}

/** @param entries a folder's before those in it, and of one name the first item's first */
function settle(entries: readonly Planned[]): void {
  const places: Place[] = [];
  const leave = (): void => {
    const place = places.pop();
    if (place === undefined) return;
    for (const entry of place.entries)
      if (entry.item < place.lastBelow && !isFolder(entry)) entry.isKept = false;
    const outer = places.at(-1);
    const last = Math.max(place.lastBelow, place.entries.at(-1)?.item ?? -1);
    if (outer !== undefined) outer.lastBelow = Math.max(outer.lastBelow, last);
  };
  for (const entry of entries) {
    for (let place = places.at(-1); place !== undefined && !isAt(place, entry.name); place = places.at(-1))
      leave();
    let place = places.at(-1);
    if (place?.name !== entry.name) {
      place = { name: entry.name, entries: [], lastFile: place?.lastFile ?? -1, lastBelow: -1 };
      places.push(place);
    }
    const earlier = place.entries.at(-1);
    if (earlier !== undefined) earlier.isKept = false;
    place.entries.push(entry);
    if (place.lastFile > entry.item) entry.isKept = false;
    if (!isFolder(entry)) place.lastFile = Math.max(place.lastFile, entry.item);
  }
  while (places.length > 0) leave();
}

/** Whether the name is that of the place, or of something below. */
function isAt(place: Place, name: ByteString): boolean {
  return name === place.name || name.startsWith(`${place.name}/`);
}
