import { DrayageError } from "@drayage/errors";
import type { RawJson } from "./json/encode.ts";
import { type FieldReader, type ReadContext, readFields } from "./json/fields.ts";
import type { JsonNode } from "./json/node.ts";
import { parseJson } from "./json/parse.ts";
import { quote } from "./json/quote.ts";
import { utf8 } from "./json/text.ts";
import { signedPayload, unsignedContent } from "./jws.ts";
import { manifestLimit } from "./limits.ts";
import { mediaTypes } from "./media-types.ts";
import { present } from "./parse-descriptor.ts";
import { normalizeTime, zeroTime } from "./time.ts";
import type { DockerV1History, ImageManifest, LayerDescriptor } from "./types.ts";

const code = "ERR_DRAYAGE_MANIFEST_INVALID";

const fields: readonly string[] = [
  "schemaVersion",
  "mediaType",
  "name",
  "tag",
  "architecture",
  "fsLayers",
  "history",
  "signatures",
];

interface Entry {
  readonly digest: LayerDescriptor["digest"];
  readonly history: DockerV1History;
}

/** A docker v2s1 manifest (distribution's `manifest-v2-1.md`), signed or not. */
export function parseDockerV1(
  root: JsonNode,
  bytes: Uint8Array,
  mediaType: typeof mediaTypes.dockerV1Manifest | typeof mediaTypes.dockerV1SignedManifest,
): Omit<ImageManifest, "document"> {
  const context: ReadContext = { what: "manifest", code, bytes, otherCase: "refuse" };
  const reader = readFields(root, context, { path: "", fields });
  const signed = reader.node("signatures") !== undefined;
  if (signed) refuseUnsignedContent(root, bytes);
  const layers = reader.objects("fsLayers", ["blobSum"]) ?? [];
  const history = reader.objects("history", ["v1Compatibility"]) ?? [];
  if (layers.length === 0) throw reader.invalid("fsLayers", "there is none");
  if (layers.length !== history.length) {
    throw reader.invalid("history", `it has ${history.length} entries for ${layers.length} layers`);
  }
  const entries = layers.map((layer, i) => {
    const entry = history[i];
    if (entry === undefined) throw reader.invalid("history", "it is too short");
    return { digest: layer.digest("blobSum"), history: readHistory(entry) };
  });
  const kept = withoutRepetitions(entries, reader);
  const extra = reader.extra();
  return {
    kind: "image",
    // The document itself knows best whether it is signed, and its digest depends on that.
    mediaType: signed ? mediaTypes.dockerV1SignedManifest : mediaType,
    bytes,
    config: undefined,
    layers: Object.freeze(kept.map(layerOf).reverse()),
    isArtifact: false,
    v1: Object.freeze({
      name: reader.string("name") ?? "",
      tag: reader.string("tag") ?? "",
      architecture: reader.string("architecture") ?? "",
      history: Object.freeze(kept.map((entry) => entry.history)),
    }),
    ...present<"extra", ReadonlyMap<string, RawJson>>("extra", extra),
  };
}

function layerOf({ digest, history }: Entry): LayerDescriptor {
  return Object.freeze({
    mediaType: "",
    digest,
    size: -1,
    ...(history.throwaway ? { emptyLayer: true } : {}),
  });
}

/** The digest covers what was signed alone, so nothing else may be read from the document. */
function refuseUnsignedContent(root: JsonNode, bytes: Uint8Array): void {
  if (root.kind !== "object") return;
  const payload = signedPayload(bytes);
  const covered = parseJson(payload, { what: "the signed part of the manifest", code, limit: manifestLimit });
  const texts = new Map<string, string>();
  if (covered.kind === "object") {
    for (const { name, value } of covered.members) texts.set(name, latin1(payload, value));
  }
  for (const { name, value } of root.members) {
    if (name !== "signatures" && texts.get(name) !== latin1(bytes, value)) throw unsignedContent(name);
    texts.delete(name);
  }
  for (const name of texts.keys()) throw unsignedContent(name);
}

function latin1(bytes: Uint8Array, { start, end }: JsonNode): string {
  return new TextDecoder("latin1").decode(bytes.subarray(start, end));
}

function readHistory(entry: FieldReader): DockerV1History {
  const text = entry.string("v1Compatibility");
  if (text === undefined) throw entry.invalid("v1Compatibility", "it is missing");
  const bytes = utf8(text);
  const what = `manifest ${entry.path("v1Compatibility")}`;
  const root = parseJson(bytes, { what, code, limit: manifestLimit });
  const reader = readFields(
    root,
    { what, code, bytes, otherCase: "accept" },
    {
      path: "",
      fields: ["id", "parent", "comment", "created", "container_config", "author", "throwaway"],
    },
  );
  const id = reader.string("id") ?? "";
  if (!/^[a-f0-9]{64}$/.test(id)) throw reader.invalid("id", "it is not 64 lower-case hex digits");
  const created = reader.string("created");
  const time = created === undefined ? zeroTime : normalizeTime(created);
  if (time === undefined) throw reader.invalid("created", "it is not a time of RFC 3339");
  return Object.freeze({
    v1Compatibility: text,
    id,
    parent: reader.string("parent") ?? "",
    comment: reader.string("comment") ?? "",
    author: reader.string("author") ?? "",
    created: time,
    cmd: reader.object("container_config", ["Cmd"])?.strings("Cmd") ?? [],
    throwaway: reader.boolean("throwaway") ?? false,
  });
}

/**
 * The entries, of which several that follow each other with one id count as one: the oldest, as in
 * containers/image. Each must name the next older one as its parent, and the oldest none.
 */
function withoutRepetitions(entries: readonly Entry[], reader: FieldReader): Entry[] {
  const kept: Entry[] = [];
  const seen = new Set<string>();
  for (const [i, entry] of entries.entries()) {
    const { id } = entry.history;
    if (kept.at(-1)?.history.id === id) {
      kept.pop();
    } else if (seen.has(id)) {
      throw reader.invalid(`history[${i}]`, `the id ${id} stands at several places`);
    }
    seen.add(id);
    kept.push(entry);
  }
  for (const [i, entry] of kept.entries()) {
    const parent = kept[i + 1]?.history.id ?? "";
    if (entry.history.parent === parent) continue;
    const wanted = parent === "" ? "no parent" : `the parent ${parent}`;
    throw new DrayageError(
      code,
      `manifest history: the layer ${entry.history.id} says its parent is ` +
        `${quote(entry.history.parent)}, and the next older layer asks for ${wanted}`,
    );
  }
  return kept;
}
