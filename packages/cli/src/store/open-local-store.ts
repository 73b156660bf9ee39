import { resolve } from "node:path";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import type { StoreFlags } from "./store-flags.ts";

/** Opens the store that the flags name, or the machine's or the user's own. */
export async function openLocalStore(
  { env, signal }: Pick<DrayContext, "env" | "signal">,
  flags: StoreFlags,
): Promise<Store> {
  const { openContainersStore } = await import("@drayage/transport-containers-storage");
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(path);
  return openContainersStore(
    {
      driver: flags.storageDriver,
      graphRoot: absolute(flags.root),
      runRoot: absolute(flags.runroot),
      options: flags.storageOpt,
    },
    { env, signal },
  );
}
