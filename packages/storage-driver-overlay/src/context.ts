import type { Sys } from "@drayage/sys";
import type { OverlayHome } from "./home.ts";
import type { Marks } from "./marks.ts";
import type { OverlayOptions } from "./options.ts";

/** What every part of the driver works with. */
export interface Context {
  readonly home: OverlayHome;
  readonly options: OverlayOptions;
  readonly sys: Sys;
  readonly marks: Marks;
  /** Whether this process is in a user namespace, where its root is not that of the machine. */
  readonly inUserNamespace: boolean;
  /** Whether the store's layers are mounted by a program rather than the kernel. */
  readonly mountProgram: boolean;
}
