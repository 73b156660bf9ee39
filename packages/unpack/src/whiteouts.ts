import type { Stats } from "node:fs";
import type { ByteString } from "./byte-string.ts";
import type { Folder } from "./folder.ts";
import type { Attributes, OpenQuestions } from "./unpacked.ts";

/** A hard link that is left open. */
export interface LeftLink {
  /** A path below. */
  readonly target: ByteString;
  readonly attributes: Attributes;
}

/** What is done about the layers below: in one folder with this one, or elsewhere, to be mounted below. */
export interface LayersBelow {
  /** Told of every name that the layer gives to something. */
  onPut(folder: Folder, name: ByteString): void;
  /** Told of a folder that was made, and of what was removed for it. */
  onFolder(folder: Folder, replaced: Stats | undefined): void;
  /** Hides what is below of this name, and nothing that the layer has put. */
  hide(folder: Folder, name: ByteString, attributes: Pick<Attributes, "uid" | "gid">): void;
  /** Hides all that is below in a folder. */
  hideAll(folder: Folder): void;
  /** Whether the layer hides what is below of this name and has put nothing there, so that no folder is to be made for a whiteout. */
  isHidden(folder: Folder, name: ByteString): boolean;
  /** Whether something that is no folder may be replaced by one that only its content asks for. */
  mayReplace(folder: Folder, name: ByteString, stats: Stats): boolean;
  /** Why a hard link to this, which is there, cannot be; undefined where it can. */
  refusal(target: Stats): string | undefined;
  /** What the layers below may have of a path of which this layer has nothing, as a path there; undefined where they cannot. */
  pathBelow(path: ByteString): ByteString | undefined;
  /** The target of a hard link that was left open, where there is one in this place. */
  openTarget(folder: Folder, name: ByteString): ByteString | undefined;
  /** Leaves a hard link to something that is below open. A file in its place was made already. */
  leaveOpen(folder: Folder, name: ByteString, link: LeftLink): void;
  /** What is left open. */
  open(): Pick<OpenQuestions, "opaqueRoot" | "links" | "whiteoutFolders">;
}
