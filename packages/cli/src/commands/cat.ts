import { DrayageError } from "@drayage/errors";
import { openImageFiles } from "@drayage/image-files";
import type { DrayContext } from "../context.ts";
import { openImage } from "../image-layers.ts";
import { splitImagePath } from "../image-path.ts";
import type { CatFlags } from "./cat.command.ts";

/** `dray cat` */
export async function cat(this: DrayContext, flags: CatFlags, text: string): Promise<void> {
  const { image, path } = splitImagePath(text);
  if (path === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `cat: ${JSON.stringify(text)} names no file`, {
      hint: "write IMAGE:/PATH, such as oci-dir:layout:app:/etc/os-release",
    });
  }
  await using opened = await openImage(this, flags, { text: image, what: "cat" });
  await using files = openImageFiles(opened.source, opened.layers, {
    signal: this.signal,
    temporaryDir: flags.tmpdir,
  });
  for await (const chunk of files.read(path)) {
    this.process.stdout.write(chunk);
    await this.process.stdout.drained?.();
  }
}
