import { resolve } from "node:path";
import type { Store } from "@drayage/storage";
import type { StorePlace } from "@drayage/transport-containers-storage";
import type { DrayContext } from "../context.ts";
import type { StorePlaceFlags } from "./store-flags.ts";

/** Opens the store that the flags name, or the machine's or the user's own. */
export async function openLocalStore(
  { env, signal }: Pick<DrayContext, "env" | "signal">,
  flags: StorePlaceFlags,
): Promise<Store> {
  const { openContainersStore } = await import("@drayage/transport-containers-storage");
  return openContainersStore(storePlace(flags), { env, signal });
}

/** What the flags say of where the store is. */
export function storePlace(flags: StorePlaceFlags): StorePlace {
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(path);
  return {
    driver: flags.storageDriver,
    graphRoot: absolute(flags.root),
    runRoot: absolute(flags.runroot),
    options: flags.storageOpt,
  };
}
