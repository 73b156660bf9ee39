import { openWorkingContainer, type StoreContainer } from "@drayage/builder";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { saidWhile } from "./said.ts";

/** Opens a container by its name, ID or the beginning of its ID, with buildah's words where it is not there. */
export async function openContainer(
  { signal }: Pick<DrayContext, "signal">,
  store: Store,
  { name, doing = "reading build container" }: { readonly name: string; readonly doing?: string },
): Promise<StoreContainer> {
  try {
    return await openWorkingContainer(store, name, { signal });
  } catch (error) {
    throw saidWhile(`${doing} ${JSON.stringify(name)}`, error);
  }
}
