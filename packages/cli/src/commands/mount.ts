import { DrayageError } from "@drayage/errors";
import type { ImageRecord, Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { goIndentedJson } from "../output/json.ts";
import { registriesPlace } from "../registries-place.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { MountFlags } from "./mount.command.ts";

interface Mounted {
  readonly image: ImageRecord;
  readonly path: string;
}

/** `dray mount`, as `podman image mount`. */
export async function mount(this: DrayContext, flags: MountFlags, ...texts: string[]): Promise<void> {
  if (flags.format !== undefined && flags.format !== "json") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `--format: choose json, not ${JSON.stringify(flags.format)}`);
  }
  await using store = await openLocalStore(this, flags);
  const wanted = await imagesToMount(this, flags, { store, texts });
  const mounted: Mounted[] = [];
  for (const image of wanted) {
    mounted.push({ image, path: await store.mount({ image: image.id }, { signal: this.signal }) });
  }
  const listed = wanted.length === 0 ? await mountedImages(store) : mounted;
  if (flags.format === "json") {
    this.process.stdout.write(goIndentedJson(listed.map(toJson)));
    return;
  }
  const [only] = mounted;
  // podman prints the path alone where one image was asked for.
  if (only !== undefined && mounted.length === 1) {
    this.process.stdout.write(`${only.path}\n`);
    return;
  }
  const lines = listed.map(({ image, path }) => `${image.names[0] ?? image.id}  ${path}\n`);
  this.process.stdout.write(lines.join(""));
}

async function imagesToMount(
  { env, signal }: DrayContext,
  flags: MountFlags,
  { store, texts }: { readonly store: Store; readonly texts: readonly string[] },
): Promise<readonly ImageRecord[]> {
  const view = await store.read({ signal });
  if (flags.all) return view.images.filter(({ layer }) => layer !== undefined);
  const found: ImageRecord[] = [];
  for (const text of texts) {
    found.push((await findLocalImage(view, text, { env, ...registriesPlace(flags) })).image);
  }
  return found;
}

async function mountedImages(store: Store): Promise<readonly Mounted[]> {
  const { images } = await store.read();
  const mounts = new Map((await store.mounts()).map(({ layer, path }) => [layer, path] as const));
  return images.flatMap((image) => {
    const path = image.layer === undefined ? undefined : mounts.get(image.layer);
    return path === undefined ? [] : [{ image, path }];
  });
}

function toJson({ image, path }: Mounted): object {
  return { id: image.id, Repositories: image.names, mountpoint: path };
}
