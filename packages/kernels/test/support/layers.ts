import { readdirSync } from "node:fs";
import path from "node:path";
import { realImage } from "@drayage-internal/fixtures";
import { runPeer } from "@drayage-internal/peers";

/** The layers of the real image, as files in `folder`. They stand at the top of a docker-archive, uncompressed. */
export async function realLayers(folder: string): Promise<readonly string[]> {
  const image = await realImage();
  await runPeer("tar", ["-xf", image.path, "-C", folder]);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".tar"))
    .map((name) => path.join(folder, name));
}
