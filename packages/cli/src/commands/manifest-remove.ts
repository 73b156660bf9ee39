import { changeStoredList, withoutImage } from "@drayage/composite";
import type { DrayContext } from "../context.ts";
import { openLocations } from "../locations.ts";
import { findList } from "../manifest-list/find-list.ts";
import { findListEntry } from "../manifest-list/find-list-entry.ts";
import { registriesPlace } from "../registries-place.ts";
import { sourceOptions } from "../source-options.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { StoreFlags } from "../store/store-flags.ts";

/** `dray manifest remove LIST ENTRY` */
export async function manifestRemove(
  this: DrayContext,
  flags: StoreFlags,
  name: string,
  text: string,
): Promise<void> {
  const { signal } = this;
  const locations = await openLocations(this, flags.plugin);
  await using store = await openLocalStore(this, flags);
  const { stored } = await findList(this, store, { ...flags, text: name });
  const opened = sourceOptions(this, { tmpdir: flags.tmpdir });
  const places = { store, locations, ...registriesPlace(flags) };
  const digest = await findListEntry(this, stored, { ...places, text, opened });
  const { id } = await changeStoredList(store, stored.id, {
    signal,
    change: (contents) => withoutImage(contents, digest),
  });
  this.process.stdout.write(`${id}: ${digest}\n`);
}
