import { isDrayageError } from "@drayage/errors";
import { foldName } from "./json/fold.ts";
import type { JsonNode } from "./json/node.ts";
import { parseJson } from "./json/parse.ts";
import { manifestLimit } from "./limits.ts";
import { mediaTypes } from "./media-types.ts";

/**
 * What a manifest or index looks like: one of the media types that containers/image knows, or of its
 * config, or `""` where it is none. The rules are those of containers/image's `GuessMIMEType`: `mediaType`
 * itself; `schemaVersion` 1, signed or not; the type of `config`; whether there are `manifests`. Like there,
 * names match without regard to case, and the last of several counts; `parseManifest` is stricter.
 */
export function guessMediaType(bytes: Uint8Array): string {
  const root = parseLeniently(bytes);
  if (root?.kind !== "object") return "";
  const mediaType = lookUp(root, "mediaType", isText);
  const version = lookUp(root, "schemaVersion", isInteger);
  if (mediaType === mismatch || version === mismatch) return "";
  if (mediaType?.kind === "string" && selfDescribing.has(mediaType.value)) return mediaType.value;
  if (version?.kind !== "number") return "";
  if (Number(version.text) === 1) {
    const signatures = lookUp(root, "signatures", () => true);
    return signatures === undefined ? mediaTypes.dockerV1Manifest : mediaTypes.dockerV1SignedManifest;
  }
  return Number(version.text) === 2 ? guessVersion2(root) : "";
}

const selfDescribing: ReadonlySet<string> = new Set([
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
]);

function guessVersion2(root: JsonNode): string {
  const config = lookUp(root, "config", isConfig);
  if (config === mismatch) return "";
  const configType = config === undefined ? undefined : lookUp(config, "mediaType", isText);
  const type = configType !== mismatch && configType?.kind === "string" ? configType.value : "";
  if (type === mediaTypes.ociConfig) return mediaTypes.ociManifest;
  if (type === mediaTypes.dockerConfig) return mediaTypes.dockerManifest;
  const manifests = lookUp(root, "manifests", isDescriptors);
  if (manifests === mismatch) return "";
  if (manifests?.kind === "array" && manifests.items.length > 0)
    return type === "" ? mediaTypes.ociIndex : type;
  return mediaTypes.ociManifest;
}

function parseLeniently(bytes: Uint8Array): JsonNode | undefined {
  try {
    return parseJson(bytes, {
      what: "manifest",
      code: "ERR_DRAYAGE_MANIFEST_INVALID",
      limit: manifestLimit,
      duplicates: true,
    });
  } catch (error) {
    // What cannot be parsed looks like nothing: that is this function's answer, not a failure.
    if (isDrayageError(error)) return undefined;
    throw error;
  }
}

/** A value of another type than Go's decoder would take: it ends the guessing. */
const mismatch: unique symbol = Symbol("mismatch");

type Fits = (node: JsonNode) => boolean;

/** The last member whose name Go takes for `field`; undefined where there is none but `null`. */
function lookUp(node: JsonNode, field: string, fits: Fits): JsonNode | undefined | typeof mismatch {
  if (node.kind !== "object") return undefined;
  const folded = foldName(field);
  let found: JsonNode | undefined;
  for (const { name, value } of node.members) {
    if (foldName(name) !== folded || value.kind === "null") continue;
    if (!fits(value)) return mismatch;
    found = value;
  }
  return found;
}

const isText: Fits = (node) => node.kind === "string";
const isInteger: Fits = (node) => node.kind === "number" && /^-?\d{1,18}$/.test(node.text);
const isTexts: Fits = (node) => node.kind === "array" && node.items.every(orNull(isText));
const isTextMap: Fits = (node) =>
  node.kind === "object" && node.members.every(({ value }) => orNull(isText)(value));

const isConfig: Fits = (node) => fitsFields(node, new Map([["mediatype", isText]]));

const isPlatform: Fits = (node) =>
  fitsFields(
    node,
    new Map([
      ["architecture", isText],
      ["os", isText],
      ["os.version", isText],
      ["os.features", isTexts],
      ["variant", isText],
    ]),
  );

const isDescriptors: Fits = (node) =>
  node.kind === "array" &&
  node.items.every(
    orNull((item) =>
      fitsFields(
        item,
        new Map([
          ["mediatype", isText],
          ["digest", isText],
          ["size", isInteger],
          ["urls", isTexts],
          ["annotations", isTextMap],
          ["platform", isPlatform],
        ]),
      ),
    ),
  );

function fitsFields(node: JsonNode, fields: ReadonlyMap<string, Fits>): boolean {
  if (node.kind !== "object") return false;
  return node.members.every(({ name, value }) => {
    const fits = fields.get(foldName(name));
    return fits === undefined || orNull(fits)(value);
  });
}

function orNull(fits: Fits): Fits {
  return (node) => node.kind === "null" || fits(node);
}
