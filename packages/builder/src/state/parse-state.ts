import { digestBytes } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { type ImageConfig, type JsonNode, type JsonObject, parseConfig, parseJson } from "@drayage/manifest";
import { containerType, documentOf } from "./document.ts";
import { isolationOf } from "./isolation.ts";
import { settle } from "./settle.ts";
import type { BuilderState, HistoryItem } from "./state.ts";

/** Config and manifest of the base are in it as base64, and then twice as what was made of them. */
export const stateLimit: number = 32 * 1024 * 1024;

/**
 * Reads the bytes of a `buildah.json`, and fills in what buildah fills in whenever it opens a container. `path` is for messages.
 *
 * @throws ERR_DRAYAGE_STORE_INVALID naming the file and what is wrong in it, ERR_DRAYAGE_CONTAINER_UNSUPPORTED where the container is not
 * one of buildah's
 */
export function parseState(bytes: Uint8Array, path: string): BuilderState {
  try {
    return settle(stateOf(bytes, path));
  } catch (error) {
    if (!isDrayageError(error) || error.code === "ERR_DRAYAGE_CONTAINER_UNSUPPORTED") throw error;
    throw new DrayageError(
      "ERR_DRAYAGE_STORE_INVALID",
      `${JSON.stringify(path)} is damaged: ${error.message}`,
      {
        hint: "put the file back from a copy, or remove the container: its files can be mounted until then",
        cause: error,
      },
    );
  }
}

function stateOf(bytes: Uint8Array, path: string): BuilderState {
  const code = "ERR_DRAYAGE_STORE_INVALID";
  const root = parseJson(bytes, { what: "the document", code, limit: stateLimit });
  if (root.kind !== "object") throw new DrayageError(code, "it is no object");
  const get = reader(root);
  const type = get.text("type");
  if (type !== containerType) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONTAINER_UNSUPPORTED",
      `${JSON.stringify(path)} is that of a ${JSON.stringify(type.slice(0, 80))} container, not of a ${JSON.stringify(containerType)} container`,
    );
  }
  const annotations = get.texts("annotations");
  const image = (name: string): ImageConfig => {
    const node = get.node(name, "object");
    return node === undefined
      ? { bytes: new Uint8Array(0), architecture: "", os: "" }
      : parseConfig(bytes.subarray(node.start, node.end));
  };
  return {
    fromImage: get.text("image"),
    fromImageId: get.text("image-id"),
    fromImageDigest: get.text("image-digest"),
    container: get.text("container-name"),
    containerId: get.text("container-id"),
    mountPoint: get.text("mountpoint") || undefined,
    createdBy: get.text("created-by"),
    historyComment: get.text("history-comment"),
    annotations,
    image: { oci: image("ociv1"), docker: image("docker"), annotations },
    prependedEmptyLayers: get.history("PrependedEmptyLayers"),
    appendedEmptyLayers: get.history("AppendedEmptyLayers"),
    topLayer: get.text("TopLayer"),
    format: get.text("Format"),
    isolation: isolation(get.node("Isolation", "number")?.text ?? "0"),
    defaultMountsFile: get.text("defaultMountsFilePath") || undefined,
    baseConfig: get.bytes("config"),
    baseManifest: get.bytes("manifest"),
    document: documentOf(root, bytes),
    revision: digestBytes(bytes),
  };
}

function isolation(text: string): BuilderState["isolation"] {
  const found = isolationOf(Number(text));
  if (found !== undefined) return found;
  throw new DrayageError("ERR_DRAYAGE_STORE_INVALID", `Isolation: ${text} is not a number from 0 to 3`);
}

interface MemberReader {
  /** `null` is as good as absent, as it is to Go. */
  node<K extends JsonNode["kind"]>(name: string, kind: K): Extract<JsonNode, { kind: K }> | undefined;
  /** Empty where it is absent. */
  text(name: string): string;
  texts(name: string): Readonly<Record<string, string>>;
  bytes(name: string): Uint8Array | undefined;
  history(name: string): readonly HistoryItem[];
}

function reader(root: JsonObject): MemberReader {
  const values = new Map(root.members.map(({ name, value }) => [name, value]));
  const invalid = (name: string, kind: string): DrayageError =>
    new DrayageError("ERR_DRAYAGE_STORE_INVALID", `${name}: ${kind} is expected`);
  const node: MemberReader["node"] = (name, kind) => {
    const value = values.get(name);
    if (value === undefined || value.kind === "null") return undefined;
    if (value.kind !== kind) throw invalid(name, kind);
    return value as Extract<JsonNode, { kind: typeof kind }>;
  };
  return {
    node,
    text: (name) => node(name, "string")?.value ?? "",
    texts(name) {
      const members = node(name, "object")?.members ?? [];
      return Object.freeze(
        Object.fromEntries(
          members.map((member) => {
            if (member.value.kind !== "string") throw invalid(`${name}.${member.name}`, "string");
            return [member.name, member.value.value];
          }),
        ),
      );
    },
    bytes(name) {
      const text = node(name, "string")?.value;
      if (text === undefined || text === "") return undefined;
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) throw invalid(name, "base64");
      return Uint8Array.from(Buffer.from(text, "base64"));
    },
    history(name) {
      const items = node(name, "array")?.items ?? [];
      return Object.freeze(items.map((item, index) => historyItem(item, `${name}[${index}]`)));
    },
  };
}

function historyItem(item: JsonNode, path: string): HistoryItem {
  if (item.kind !== "object") {
    throw new DrayageError("ERR_DRAYAGE_STORE_INVALID", `${path}: object is expected`);
  }
  const get = reader(item);
  const text = (name: string): object => {
    const value = get.text(name);
    return value === "" ? {} : { [name]: value };
  };
  return Object.freeze({
    ...text("created"),
    ...text("created_by"),
    ...text("author"),
    ...text("comment"),
    ...(get.node("empty_layer", "boolean")?.value === true ? { empty_layer: true } : {}),
  });
}
