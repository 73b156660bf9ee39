import {
  beginOnlyImage,
  createImagesWriter,
  createStreamOutput,
  emptyContents,
  parseAdditionalTag,
} from "@drayage/docker-tar";
import type { DestinationOptions, ImageDestination } from "@drayage/transport";
import { connect, type Daemon, type DockerDaemonOptions } from "./daemon.ts";
import { createLoad } from "./load.ts";
import { type DaemonReference, labelOf, writtenName } from "./reference.ts";

/**
 * An image on its way into a daemon: an archive that the daemon loads while it is made. Layers go as they come, compressed or
 * not: the daemon unpacks them, and checks them against the config.
 */
export async function openDestination(
  reference: DaemonReference,
  options: DestinationOptions,
  settings: DockerDaemonOptions,
): Promise<ImageDestination> {
  const names = [writtenName(reference), ...(options.additionalTags ?? []).map(parseAdditionalTag)];
  const daemon = await connect(options, settings);
  const shown = labelOf(reference);
  const load = createLoad(daemon, `write ${shown}`);
  const output = createStreamOutput(load, { shown: daemon.shown, temporaryDir: options.temporaryDir });
  const writer = createImagesWriter({ output, contents: emptyContents(), shown });
  const destination = await beginOnlyImage(writer, {
    reference,
    shown,
    names,
    layerCompression: "preserve",
    checkConfig: (config) => warnOfForeignSystem(config, daemon, options),
  });
  const abortable = abortableBy(load.abort);
  const forget = onAbort(options.signal, load.abort);
  const close = async (): Promise<void> => {
    forget();
    try {
      await destination.close();
    } finally {
      daemon.close();
    }
  };
  return {
    ...destination,
    putBlob: (blob, put) => abortable(put.signal, () => destination.putBlob(blob, put)),
    commit: (commit = {}) => abortable(commit.signal, () => destination.commit(commit)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Runs something that waits for the daemon, and ends the waiting when the signal is aborted. */
function abortableBy(
  abort: (reason: unknown) => void,
): <T>(signal: AbortSignal | undefined, run: () => Promise<T>) => Promise<T> {
  return async (signal, run) => {
    const forget = onAbort(signal, abort);
    try {
      return await run();
    } finally {
      forget();
    }
  };
}

/** Calls back when the signal is aborted, unless what is returned was called before. */
function onAbort(signal: AbortSignal | undefined, abort: (reason: unknown) => void): () => void {
  const listener = (): void => abort(signal?.reason);
  signal?.addEventListener("abort", listener, { once: true });
  return () => signal?.removeEventListener("abort", listener);
}

/** containers/image warns too (`MustMatchRuntimeOS`), of what is not for the system that itself runs on. */
function warnOfForeignSystem(config: Uint8Array, daemon: Daemon, { onWarning }: DestinationOptions): void {
  const { os } = Object(JSON.parse(new TextDecoder().decode(config))) as { readonly os?: unknown };
  if (daemon.os === undefined || typeof os !== "string" || os === "" || os === daemon.os) return;
  onWarning?.(`the image is for ${os}, and ${daemon.shown} runs containers of ${daemon.os}`);
}
