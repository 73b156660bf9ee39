import { DrayageError } from "@drayage/errors";
import { guessMediaType } from "./guess.ts";
import { type FieldReader, type ReadContext, readFields } from "./json/fields.ts";
import { foldName } from "./json/fold.ts";
import { type JsonNode, plainValue } from "./json/node.ts";
import { parseJson } from "./json/parse.ts";
import { quote } from "./json/quote.ts";
import { manifestLimit } from "./limits.ts";
import {
  type ImageMediaType,
  type IndexMediaType,
  isDockerV1MediaType,
  isImageMediaType,
  isIndexMediaType,
  mediaTypes,
} from "./media-types.ts";
import { descriptorFields, readDescriptor } from "./parse-descriptor.ts";
import { parseDockerV1 } from "./parse-v1.ts";
import type { Descriptor, ImageIndex, ImageManifest } from "./types.ts";

const code = "ERR_DRAYAGE_MANIFEST_INVALID";

/**
 * A manifest or index of any kind that this package knows. `mediaType` is what its place says it is; where
 * that is absent or no manifest's type (`text/plain`), it is guessed from the document.
 *
 * Refused as ambiguous, since other readers may see another image in it: a document with the fields of two
 * kinds (`config`, `layers`, `manifests`, `fsLayers`, `history`; CVE-2021-41190); a `mediaType` inside that
 * is another than that outside; a name that stands twice in one object; and a name that differs from a
 * field's by case alone, which Go takes for the field. Other unknown fields are kept.
 *
 * @throws ERR_DRAYAGE_MANIFEST_INVALID naming the field, ERR_DRAYAGE_MANIFEST_UNSUPPORTED,
 *   ERR_DRAYAGE_LIMIT_EXCEEDED
 */
export function parseManifest(bytes: Uint8Array, mediaType?: string): ImageManifest | ImageIndex {
  const root = parseJson(bytes, { what: "manifest", code, limit: manifestLimit });
  if (root.kind !== "object") throw new DrayageError(code, "manifest: an object is expected");
  const type = settleMediaType(root, bytes, mediaType);
  refuseOtherKinds(root, type);
  const document = plainValue(root) as Readonly<Record<string, unknown>>;
  if (isDockerV1MediaType(type)) return Object.freeze({ ...parseDockerV1(root, bytes, type), document });
  const context: ReadContext = { what: "manifest", code, bytes, otherCase: "refuse" };
  if (isIndexMediaType(type)) return Object.freeze({ ...parseIndexFields(root, context, type), document });
  return Object.freeze({ ...parseImageFields(root, context, type), document });
}

/** Like {@link parseManifest}, where an index is wrong: ERR_DRAYAGE_MANIFEST_UNSUPPORTED. */
export function parseImageManifest(bytes: Uint8Array, mediaType?: string): ImageManifest {
  const manifest = parseManifest(bytes, mediaType);
  if (manifest.kind === "image") return manifest;
  throw new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    "manifest: an image is expected, and this is an index of several",
  );
}

/** Like {@link parseManifest}, where the manifest of one image is wrong: ERR_DRAYAGE_MANIFEST_UNSUPPORTED. */
export function parseImageIndex(bytes: Uint8Array, mediaType?: string): ImageIndex {
  const manifest = parseManifest(bytes, mediaType);
  if (manifest.kind === "index") return manifest;
  throw new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    "manifest: an index of several images is expected, and this is one image",
  );
}

/** The type that the document is read as, of what its place says, what it says itself, and what it looks like. */
function settleMediaType(
  root: JsonNode,
  bytes: Uint8Array,
  outside: string | undefined,
): ImageMediaType | IndexMediaType {
  const context: ReadContext = { what: "manifest", code, bytes, otherCase: "refuse" };
  const reader = readFields(root, context, { path: "", fields: ["schemaVersion", "mediaType"] });
  const inside = reader.string("mediaType");
  const known = outside !== undefined && (isImageMediaType(outside) || isIndexMediaType(outside));
  const type = known ? outside : guessMediaType(bytes);
  const version = reader.integer("schemaVersion");
  if (inside !== undefined && inside !== "" && !sameKind(type, inside)) {
    if (!isImageMediaType(inside) && !isIndexMediaType(inside)) throw unsupported(inside);
    throw reader.invalid(
      "mediaType",
      `ambiguous: it says ${inside}, where ${known ? `the place it came from says ${type}` : `it looks like ${type.slice(0, 120)}`}`,
    );
  }
  if (!isImageMediaType(type) && !isIndexMediaType(type)) {
    if (version === undefined) throw reader.invalid("schemaVersion", "it is missing");
    throw version === 1 || version === 2
      ? unsupported(type)
      : reader.invalid("schemaVersion", `version ${version} is not known`);
  }
  const wanted = isDockerV1MediaType(type) ? 1 : 2;
  if (version === undefined) throw reader.invalid("schemaVersion", "it is missing");
  if (version !== wanted) {
    throw reader.invalid("schemaVersion", `${wanted} is expected of ${type}, and it is ${version}`);
  }
  return type;
}

function sameKind(type: string, inside: string): boolean {
  return type === inside || (isDockerV1MediaType(type) && isDockerV1MediaType(inside));
}

function unsupported(mediaType: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    mediaType === ""
      ? "manifest: it is of no kind that is known"
      : `manifest: the media type ${quote(mediaType)} is not known`,
    {
      hint: "known are OCI manifests and indexes, docker manifests of version 2 and 1, and docker manifest lists",
    },
  );
}

/** Which of the fields that tell kinds apart each kind may have. */
const kindFields: readonly string[] = ["config", "fsLayers", "history", "layers", "manifests"];

function allowedFields(type: ImageMediaType | IndexMediaType): readonly string[] {
  if (isIndexMediaType(type)) return ["manifests"];
  return isDockerV1MediaType(type) ? ["fsLayers", "history"] : ["config", "layers"];
}

function refuseOtherKinds(root: JsonNode, type: ImageMediaType | IndexMediaType): void {
  if (root.kind !== "object") return;
  const allowed = new Set(allowedFields(type).map(foldName));
  const telling = new Set(kindFields.map(foldName));
  for (const { name, value } of root.members) {
    const folded = foldName(name);
    if (value.kind === "null" || !telling.has(folded) || allowed.has(folded)) continue;
    throw new DrayageError(code, `manifest ${name}: ambiguous: no ${type} has this field`, {
      hint: "the document can be read as two kinds of manifest, so what it holds depends on the reader",
    });
  }
}

const imageFields: readonly string[] = [
  "schemaVersion",
  "mediaType",
  "artifactType",
  "config",
  "layers",
  "subject",
  "annotations",
];

function parseImageFields(
  root: JsonNode,
  context: ReadContext,
  mediaType: ImageMediaType,
): Omit<ImageManifest, "document"> {
  const reader = readFields(root, context, { path: "", fields: imageFields });
  const configReader = reader.object("config", descriptorFields);
  if (configReader === undefined) throw reader.invalid("config", "it is missing");
  const config = readDescriptor(configReader);
  const layers = (reader.objects("layers", descriptorFields) ?? []).map(readDescriptor);
  return {
    kind: "image",
    mediaType,
    bytes: context.bytes,
    config,
    layers: Object.freeze(layers),
    isArtifact: isArtifact(mediaType, config),
    ...sharedFields(reader),
  };
}

/** OCI: any config but an image's. docker: plugins; old docker clients gave images odd config types. */
function isArtifact(mediaType: ImageMediaType, config: Descriptor): boolean {
  return mediaType === mediaTypes.ociManifest
    ? config.mediaType !== mediaTypes.ociConfig
    : config.mediaType === "application/vnd.docker.plugin.v1+json";
}

const indexFields: readonly string[] = [
  "schemaVersion",
  "mediaType",
  "artifactType",
  "manifests",
  "subject",
  "annotations",
];

function parseIndexFields(
  root: JsonNode,
  context: ReadContext,
  mediaType: IndexMediaType,
): Omit<ImageIndex, "document"> {
  const reader = readFields(root, context, { path: "", fields: indexFields });
  const manifests = (reader.objects("manifests", descriptorFields) ?? []).map(readDescriptor);
  return {
    kind: "index",
    mediaType,
    bytes: context.bytes,
    manifests: Object.freeze(manifests),
    ...sharedFields(reader),
  };
}

function sharedFields(
  reader: FieldReader,
): Pick<ImageIndex, "annotations" | "subject" | "artifactType" | "extra"> {
  const annotations = reader.stringMap("annotations");
  const subject = reader.object("subject", descriptorFields);
  const artifactType = reader.string("artifactType");
  const extra = reader.extra();
  return {
    ...(annotations === undefined ? {} : { annotations }),
    ...(subject === undefined ? {} : { subject: readDescriptor(subject) }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(extra === undefined ? {} : { extra }),
  };
}
