import type { InspectedImage } from "@drayage/copy";
import { DrayageError } from "@drayage/errors";
import {
  configFromDockerV1,
  encodeGoOciConfig,
  type ImageConfig,
  parseConfig,
  parseImageManifest,
  RawJson,
} from "@drayage/manifest";
import { configRecord } from "../output/inspection.ts";
import { goIndentedJson } from "../output/json.ts";
import type { Personality } from "../personality.ts";
import { renderTemplate } from "../template/render.ts";

/** The config, byte for byte. Throws `ERR_DRAYAGE_MANIFEST_UNSUPPORTED` where the image has none of its own. */
export function rawConfig(image: InspectedImage): Uint8Array {
  return image.config ?? refuseRawConfig(image);
}

/** The config as `dray inspect --config` shows it, or through a template. */
export function configText(
  image: InspectedImage,
  manifest: Uint8Array,
  { format, personality }: { readonly format: string | undefined; readonly personality: Personality },
): string {
  const bytes = image.config ?? configFromManifest(manifest, image);
  const config: ImageConfig = parseConfig(bytes);
  if (format !== undefined) return renderTemplate(format, configRecord(config));
  return goIndentedJson(new RawJson(personality === "skopeo" ? encodeGoOciConfig(config) : bytes));
}

/** The config that a docker v2s1 manifest amounts to. Its diffIDs are not known without reading the layers. */
function configFromManifest(bytes: Uint8Array, image: InspectedImage): Uint8Array {
  const { v1 } = parseImageManifest(bytes, image.mediaType);
  return v1 === undefined ? refuseRawConfig(image) : configFromDockerV1(v1, []);
}

function refuseRawConfig({ mediaType }: InspectedImage): never {
  throw new DrayageError("ERR_DRAYAGE_MANIFEST_UNSUPPORTED", `${mediaType} has no config of its own`, {
    hint: "look at the manifest with --raw, or at what the manifest says of the config with --config",
  });
}
