import type { StoreCore } from "./core.ts";
import type { Leftover } from "./driver.ts";
import { holdLeftovers } from "./holds.ts";
import { temporaryLeftovers } from "./temporary-area.ts";

/** What processes that are gone left half done, and nobody can see. */
export async function leftoversOf(core: StoreCore): Promise<readonly Leftover[]> {
  return [
    ...(await core.layerFiles.leftovers()),
    ...temporaryLeftovers(core.files, core.paths.temporary),
    ...holdLeftovers(core),
  ];
}
