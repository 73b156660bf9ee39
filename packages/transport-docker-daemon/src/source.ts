import { createStagedFile, type StagedFile, temporaryFolder } from "@drayage/blob";
import { openImageSource } from "@drayage/docker-tar";
import type { ImageSource, SourceOptions } from "@drayage/transport";
import { answerError, daemonError } from "./answers.ts";
import { connect, type Daemon, type DockerDaemonOptions } from "./daemon.ts";
import { type DaemonReference, labelOf } from "./reference.ts";
import { errorAtEnd, spool } from "./spool.ts";

/**
 * An image of a daemon as a source: of what the daemon saves, in a temporary file that lasts as long as the source is open. What
 * the archive is made of is told at its end, so it cannot be read while it comes.
 */
export async function openSource(
  reference: DaemonReference,
  options: SourceOptions,
  settings: DockerDaemonOptions,
): Promise<ImageSource> {
  const daemon = await connect(options, settings);
  try {
    return await openSaved(reference, daemon, options);
  } finally {
    daemon.close();
  }
}

async function openSaved(
  reference: DaemonReference,
  daemon: Daemon,
  options: SourceOptions,
): Promise<ImageSource> {
  const { signal } = options;
  const label = labelOf(reference);
  const path = `/images/get?names=${encodeURIComponent(reference.text)}`;
  const response = await daemon.ask({ method: "GET", path, signal });
  if (response.status !== 200) {
    throw await answerError(response, daemon, {
      doing: `read ${label}`,
      missing: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
  }
  let file: StagedFile;
  try {
    // Readable by its owner only: the folder is everybody's.
    file = await createStagedFile(await temporaryFolder(options.temporaryDir), { mode: 0o600 });
  } catch (error) {
    await response.discard();
    throw error;
  }
  try {
    await spool(response.body, file);
    const source = await openImageSource(file.path, {
      ...options,
      reference,
      shown: label,
      shownImage: label,
    }).catch(async (error: unknown) => {
      const said = await errorAtEnd(file.path);
      throw said === undefined ? error : daemonError(daemon.shown, { doing: `read ${label}`, said });
    });
    const close = async (): Promise<void> => {
      await source.close();
      await file.discard();
    };
    return { ...source, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await file.discard();
    throw error;
  }
}
