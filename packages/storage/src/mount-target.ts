import { DrayageError } from "@drayage/errors";
import type { StoreCore } from "./core.ts";
import { createDisposal } from "./disposal.ts";
import { mountLayer, unmountLayer } from "./mounts.ts";
import type { MountOptions, MountTarget, UnmountOptions } from "./store.ts";

/**
 * Mounts in the order of containers/storage: `storage.lock`, so that no Go tool takes the driver's folder apart meanwhile, `layers.lock`, so
 * that the layer stays, and the lock of the mounts.
 */
export async function mountTarget(
  core: StoreCore,
  target: MountTarget,
  options: MountOptions = {},
): Promise<string> {
  const { files, paths, patience } = core;
  const { signal } = options;
  await using locks = createDisposal();
  locks.use(await files.acquire(paths.storageLock, "write", { signal, patience }));
  locks.use(await files.acquire(paths.lock("layer"), "read", { signal, patience }));
  const { layer, mountLabel, readOnly, volatile, wanted } = resolve(core, target);
  return await mountLayer(core, layer, {
    signal,
    mountLabel: options.mountLabel ?? mountLabel,
    readOnly: readOnly || options.readOnly,
    volatile: options.volatile ?? volatile,
    options: options.options ?? wanted,
  });
}

export async function unmountTarget(
  core: StoreCore,
  target: MountTarget,
  options: UnmountOptions = {},
): Promise<boolean> {
  const { files, paths, patience } = core;
  await using _lock = await files.acquire(paths.lock("layer"), "read", { signal: options.signal, patience });
  return await unmountLayer(core, resolve(core, target).layer, options);
}

interface Resolved {
  readonly layer: string;
  readonly mountLabel: string | undefined;
  readonly readOnly: boolean;
  readonly volatile: boolean;
  /** Options of the mount that the record asks for. */
  readonly wanted: readonly string[] | undefined;
}

function resolve({ catalog }: StoreCore, target: MountTarget): Resolved {
  const view = catalog.view();
  if ("container" in target) {
    const { layer, flags } = view.container(target.container);
    const { MountLabel, MountOpts, Volatile } = flags;
    const texts = Array.isArray(MountOpts) ? MountOpts.filter((one) => typeof one === "string") : [];
    return {
      layer,
      readOnly: false,
      mountLabel:
        typeof MountLabel === "string" && MountLabel !== "" ? MountLabel : view.layer(layer).mountLabel,
      volatile: Volatile === true,
      wanted: texts.length > 0 ? texts : undefined,
    };
  }
  const id = "image" in target ? topLayer(view.image(target.image)) : target.layer;
  const layer = view.layer(id);
  if (layer.readOnly && !("image" in target)) {
    throw new DrayageError(
      "ERR_DRAYAGE_IN_USE",
      `the layer ${id.slice(0, 12)} belongs to an additional store, which is only read`,
      { hint: "mount its image, or a container that is made from it" },
    );
  }
  return {
    layer: id,
    mountLabel: layer.mountLabel,
    readOnly: "image" in target,
    volatile: false,
    wanted: undefined,
  };
}

function topLayer({ id, layer }: { readonly id: string; readonly layer: string | undefined }): string {
  if (layer !== undefined) return layer;
  throw new DrayageError(
    "ERR_DRAYAGE_LAYER_NOT_FOUND",
    `the image ${id.slice(0, 12)} has no layers to mount`,
  );
}
