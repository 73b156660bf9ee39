import { archiveLayers } from "./archives.ts";
import { attributeLayers } from "./attributes.ts";
import { kindLayers } from "./kinds.ts";
import { linkLayers } from "./links.ts";
import { nameLayers } from "./names.ts";
import { overlapLayers } from "./overlaps.ts";
import type { EdgeLayer } from "./types.ts";
import { whiteoutLayers } from "./whiteouts.ts";

/** Layers that tools disagree about, or might: for whatever unpacks layers, and for each driver of a store. */
export const edgeLayers: readonly EdgeLayer[] = [
  ...whiteoutLayers,
  ...linkLayers,
  ...overlapLayers,
  ...kindLayers,
  ...attributeLayers,
  ...nameLayers,
  ...archiveLayers,
];
