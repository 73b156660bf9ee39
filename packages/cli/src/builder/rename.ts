import { isDrayageError } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { BuilderFlags } from "./flags.ts";
import { openContainer } from "./open-container.ts";
import { said } from "./said.ts";

/** `buildah rename` */
export async function rename(this: DrayContext, flags: BuilderFlags, ...words: string[]): Promise<void> {
  const [name, newName] = words;
  if (name === undefined || newName === undefined || words.length > 2) {
    throw said(`accepts 2 arg(s), received ${words.length}`);
  }
  await using store = await openLocalStore(this, flags);
  const container = await openContainer(this, store, { name });
  if (container.name === newName) throw said("renaming a container with the same name as its current name");
  const other = await idOf(this, store, newName);
  if (other !== undefined) {
    throw said(
      `The container name ${JSON.stringify(newName)} is already in use by container ${JSON.stringify(other)}`,
    );
  }
  await container.rename(newName, { signal: this.signal });
}

async function idOf(context: DrayContext, store: Store, name: string): Promise<string | undefined> {
  try {
    return (await openContainer(context, store, { name })).id;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_CONTAINER_NOT_FOUND")) return undefined;
    throw error;
  }
}
