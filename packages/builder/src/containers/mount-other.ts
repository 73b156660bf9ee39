import type { MountTarget, Store } from "@drayage/storage";
import { storedImage } from "./find-image.ts";

/** Files of another container or image. */
export interface MountedOther extends AsyncDisposable {
  readonly folder: string;
}

/** Mounts a container, or else an image, of the store that a text means; undefined for no text. */
export async function mountOther(
  store: Store,
  text: string | undefined,
  signal: AbortSignal | undefined,
): Promise<MountedOther | undefined> {
  if (text === undefined || text === "") return undefined;
  const view = await store.read({ signal });
  const container = view.findContainer(text);
  const target: MountTarget =
    container === undefined ? { image: storedImage(view, text).id } : { container: container.id };
  const folder = await store.mount(target, { signal });
  return { folder, [Symbol.asyncDispose]: async () => void (await store.unmount(target)) };
}
