import type { DrayContext } from "../context.ts";
import { findList } from "../manifest-list/find-list.ts";
import { collectErrors } from "../store/collect-errors.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { StoreFlags } from "../store/store-flags.ts";

/** `dray manifest rm LIST…` */
export async function manifestRm(this: DrayContext, flags: StoreFlags, ...texts: string[]): Promise<void> {
  const { signal } = this;
  await using store = await openLocalStore(this, flags);
  const print = (line: string): unknown => this.process.stdout.write(`${line}\n`);
  await collectErrors(this, texts, async (text) => {
    const { image, name } = await findList(this, store, { ...flags, text });
    const others = image.names.filter((each) => each !== name);
    if (name !== undefined && others.length > 0) {
      await store.removeNames("image", image.id, [name], { signal });
      print(`untagged: ${name}`);
      return;
    }
    await store.deleteImage(image.id, { signal });
    for (const each of image.names) print(`untagged: ${each}`);
    print(image.id);
  });
}
