import { DrayageError } from "@drayage/errors";
import { openImageFiles } from "@drayage/image-files";
import type { DrayContext } from "../context.ts";
import { openImagePath } from "../image-layers.ts";
import { imagePaths } from "../image-path.ts";
import type { CatFlags } from "./cat.command.ts";

/** `dray cat` */
export async function cat(this: DrayContext, flags: CatFlags, text: string): Promise<void> {
  if (imagePaths(text).every(({ path }) => path === undefined)) throw withoutPath(text);
  const { opened: image, path } = await openImagePath(this, flags, { text, what: "cat" });
  await using opened = image;
  if (path === undefined) throw withoutPath(text);
  await using files = openImageFiles(opened.source, opened.layers, {
    signal: this.signal,
    temporaryDir: flags.tmpdir,
  });
  for await (const chunk of files.read(path)) {
    this.process.stdout.write(chunk);
    await this.process.stdout.drained?.();
  }
}

function withoutPath(text: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `cat: ${JSON.stringify(text)} names no file`, {
    hint: "write IMAGE:/PATH, such as oci-dir:layout:app:/etc/os-release",
  });
}
