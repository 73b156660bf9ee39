import type { CreateLayerOptions } from "@drayage/storage";
import type { Context } from "./context.ts";
import { stageLayer } from "./stage.ts";

/** An empty layer on its parent: whole from the first moment on, as those that are unpacked. */
export async function createLayer(
  context: Context,
  id: string,
  { parent, ...maps }: CreateLayerOptions & { readonly parent: string | undefined },
): Promise<void> {
  // There is nothing to bring to the disk that would be worth making others wait for.
  await using staged = await stageLayer({ ...context, options: { ...context.options, sync: "none" } }, maps);
  await staged.settle(parent);
  await staged.commit(id);
}
