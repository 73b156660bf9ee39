import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DrayageError, ioError, isDrayageError } from "@drayage/errors";
import { packTree } from "@drayage/pack";
import type { MountTarget, Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { registriesPlace } from "../registries-place.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { ExportFlags } from "./export.command.ts";

/** `dray export`, as `podman export`; of images, too. */
export async function exportFiles(this: DrayContext, flags: ExportFlags, text: string): Promise<void> {
  const { signal } = this;
  if (flags.output === undefined && this.process.stdout.isTTY === true) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "an archive is not written to a terminal", {
      hint: "redirect standard output, or name a file with --output",
    });
  }
  await using store = await openLocalStore(this, flags);
  const target = await targetOf(this, flags, { store, text });
  const root = await store.mount(target, { signal, readOnly: true });
  try {
    const tar = packTree(root, { signal, overrideStat: true });
    if (flags.output !== undefined) {
      await writeFile(tar, flags.output, signal);
      return;
    }
    for await (const chunk of tar) {
      this.process.stdout.write(chunk);
      await this.process.stdout.drained?.();
    }
  } finally {
    await store.unmount(target);
  }
}

async function writeFile(tar: AsyncIterable<Uint8Array>, path: string, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(Readable.from(tar, { objectMode: false }), createWriteStream(path), { signal });
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}

/** Containers count more: their names are those of nothing else. */
async function targetOf(
  { env, signal }: DrayContext,
  flags: ExportFlags,
  { store, text }: { readonly store: Store; readonly text: string },
): Promise<MountTarget> {
  const view = await store.read({ signal });
  const container = view.findContainer(text);
  if (container !== undefined) return { container: container.id };
  try {
    const { image } = await findLocalImage(view, text, { env, ...registriesPlace(flags) });
    return { image: image.id };
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) throw error;
    throw new DrayageError(
      "ERR_DRAYAGE_CONTAINER_NOT_FOUND",
      `the store has no container and no image ${JSON.stringify(text)}`,
      { hint: "dray images lists the images", cause: error },
    );
  }
}
