import type { Stats } from "node:fs";
import type { ByteString } from "./byte-string.ts";
import type { Folder } from "./folder.ts";
import type { Attributes, OpenLink, OpenQuestions } from "./unpacked.ts";

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
  /** Why a hard link to this cannot be; undefined where it can. */
  refusal(target: Stats | undefined): string | undefined;
  /** Leaves a hard link to something that is below open; only where {@link refusal} has none for a target that is not there. */
  leaveOpen(folder: Folder, name: ByteString, link: Omit<OpenLink, "path">): void;
  /** What is left open. */
  open(): Pick<OpenQuestions, "opaqueRoot" | "links">;
}
