import type { Store } from "@drayage/storage";
import type { Location } from "@drayage/transport";

/** An image of a store that is open already, as one end of a copy. `text` is what stands after `containers-storage:`. */
export async function storedLocation(
  store: Store,
  text: string,
  { keepBlobs }: { readonly keepBlobs?: boolean | undefined } = {},
): Promise<Location> {
  const { containersStorage } = await import("@drayage/transport-containers-storage");
  const transport = containersStorage({ store, keepBlobs });
  return { transport, reference: transport.parse(text), text: `containers-storage:${text}` };
}
