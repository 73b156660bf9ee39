import { formatBytes } from "@drayage/copy";
import { sanitizeText } from "@drayage/errors";
import { createLayerCache, diffImages, type FileChange, openImageFiles } from "@drayage/image-files";
import type { DrayContext } from "../context.ts";
import { openImage } from "../image-layers.ts";
import type { DiffFlags } from "./diff.command.ts";

/** `dray diff` */
export async function diff(
  this: DrayContext,
  flags: DiffFlags,
  before: string,
  after: string,
): Promise<void> {
  await using first = await openImage(this, flags, { text: before, what: "diff" });
  await using second = await openImage(this, flags, { text: after, what: "diff" });
  await using cache = createLayerCache({ digests: true, temporaryDir: flags.tmpdir });
  const options = { cache, signal: this.signal };
  const changes = diffImages(
    openImageFiles(first.source, first.layers, options),
    openImageFiles(second.source, second.layers, options),
  );
  for await (const change of changes) {
    this.process.stdout.write(flags.json ? `${JSON.stringify(record(change))}\n` : `${line(change)}\n`);
    await this.process.stdout.drained?.();
  }
}

const letters = { added: "A", changed: "C", removed: "D" } as const;

function line({ kind, path, before, after, differs }: FileChange): string {
  const name = `${letters[kind]} ${sanitizeText(path)}`;
  const size = (after ?? before)?.type === "file" ? formatBytes((after ?? before)?.size ?? 0) : undefined;
  if (kind !== "changed") return size === undefined ? name : `${name} (${size})`;
  const sizes =
    before?.type === "file" && after?.type === "file" && before.size !== after.size
      ? `: ${formatBytes(before.size)} to ${formatBytes(after.size)}`
      : "";
  return `${name} (${differs.join(", ")}${sizes})`;
}

function record({ kind, path, before, after, differs }: FileChange): object {
  return {
    kind,
    path,
    sizeBefore: before?.size,
    sizeAfter: after?.size,
    ...(differs.length > 0 ? { differs } : {}),
  };
}
