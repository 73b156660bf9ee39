import type { ByteString } from "../text.ts";

/** A file whose content is left to the layer's folder. */
export interface Content {
  readonly size: number;
  readonly crc: bigint;
}

/** A path below the layer's folder, and what is known of it. */
export interface Place {
  /** Those that were asked for. */
  children: Map<ByteString, Place> | undefined;
  /** Where the symbolic link that stands here points to. */
  target: ByteString | undefined;
  /** Whether the archive has an entry for it. */
  isTaken: boolean;
  /** Whether a content is found by way of it, as a folder or a link. */
  isNeeded: boolean;
  content: Content | undefined;
}

export function createPlace(): Place {
  return { children: undefined, target: undefined, isTaken: false, isNeeded: false, content: undefined };
}

export function childOf(place: Place, name: ByteString): Place {
  place.children ??= new Map();
  let child = place.children.get(name);
  if (child === undefined) {
    child = createPlace();
    place.children.set(name, child);
  }
  return child;
}
