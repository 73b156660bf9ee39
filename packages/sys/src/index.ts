/**
 * The Linux calls that Node lacks.
 * @module
 */
export type { FileTime, OverlayMount, PathName, Sys } from "./sys.ts";
