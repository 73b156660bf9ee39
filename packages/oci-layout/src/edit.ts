import type { Descriptor } from "@drayage/manifest";
import { isObject, type JsonObject } from "./json.ts";
import { type LayoutEntry, type LayoutIndex, withEntries } from "./layout-index.ts";
import { refNameAnnotation } from "./names.ts";
import { type Selection, selectedEntries, withoutName } from "./select.ts";

/**
 * The index with one more image, by skopeo's rules: entries that had the name lose it and stay; an entry of the
 * same digest without a name becomes the new one; otherwise the new one comes last. What other tools have said
 * of the replaced entry, such as its platform, is kept.
 */
export function addImage(index: LayoutIndex, descriptor: Descriptor, name: string | undefined): LayoutIndex {
  const manifests = index.entries.map((entry) =>
    name !== undefined && entry.name === name ? withoutName(entry.raw) : entry.raw,
  );
  const position = manifests.findIndex((raw) => raw.digest === descriptor.digest && !isNamed(raw));
  const old = manifests[position] ?? {};
  const annotations = {
    ...(isObject(old.annotations) ? old.annotations : {}),
    ...(name === undefined ? {} : { [refNameAnnotation]: name }),
  };
  const { mediaType, digest, size } = descriptor;
  const entry: JsonObject = { ...old, mediaType, digest, size, annotations };
  if (position === -1) return withEntries(index, [...manifests, entry]);
  return withEntries(index, manifests.with(position, entry));
}

/** The index with an image in the place, and with the name, of one that is there: an entry, or several that together are one. */
export function replaceImage(index: LayoutIndex, selection: Selection, descriptor: Descriptor): LayoutIndex {
  const replaced = selectedEntries(selection);
  const name = replaced.find((entry) => entry.name !== undefined)?.name;
  const { mediaType, digest, size } = descriptor;
  const own = selection.kind === "entry" ? selection.entry.raw : {};
  if (own.digest === digest) return index;
  const annotations = {
    ...(isObject(own.annotations) ? own.annotations : {}),
    ...(name === undefined ? {} : { [refNameAnnotation]: name }),
  };
  const place = replaced[0]?.position;
  const positions = new Set(replaced.map(({ position }) => position));
  const manifests = index.entries.flatMap(({ position, raw }): readonly JsonObject[] => {
    if (position === place) return [{ mediaType, digest, size, annotations }];
    return positions.has(position) ? [] : [raw];
  });
  return withEntries(index, manifests);
}

/** The index without these entries. */
export function removeImages(index: LayoutIndex, entries: readonly LayoutEntry[]): LayoutIndex {
  const positions = new Set(entries.map(({ position }) => position));
  return withEntries(
    index,
    index.entries.filter(({ position }) => !positions.has(position)).map(({ raw }) => raw),
  );
}

function isNamed(raw: JsonObject): boolean {
  const name = isObject(raw.annotations) ? raw.annotations[refNameAnnotation] : undefined;
  return name !== undefined && name !== "";
}
