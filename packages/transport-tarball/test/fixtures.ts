import { readBlob } from "@drayage/blob";
import type { Descriptor } from "@drayage/manifest";
import { encodeTarHeader, tarEnd, tarPadding } from "@drayage/tar";
import { type ImageSource, requireAbility, type SourceOptions } from "@drayage/transport";
import { type TarballOptions, tarball } from "../src/index.ts";

/** A tar archive of these files. */
export function tar(files: readonly { readonly name: string; readonly data: string }[]): Uint8Array {
  const blocks = files.flatMap(({ name, data }) => {
    const bytes = Buffer.from(data);
    return [encodeTarHeader({ name, mode: 0o644, size: bytes.length }), bytes, tarPadding(bytes.length)];
  });
  return Buffer.concat([...blocks, tarEnd()]);
}

export function openSource(
  text: string,
  own?: TarballOptions,
  options?: SourceOptions,
): Promise<ImageSource> {
  const transport = tarball(own);
  return requireAbility(transport, "openSource").openSource(transport.parse(text), options);
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly [Descriptor, ...Descriptor[]];
  readonly annotations?: Readonly<Record<string, string>>;
}

export async function readManifest(source: ImageSource): Promise<Manifest> {
  return JSON.parse(Buffer.from((await source.manifest()).bytes).toString());
}

/** The image's config as text. */
export async function readConfig(source: ImageSource): Promise<string> {
  const { config } = await readManifest(source);
  return Buffer.from(await readBlob(await source.blob(config), { limit: 1 << 20 })).toString();
}
