import type { JsonNode, JsonObject } from "@drayage/manifest";
import { RawJson } from "@drayage/manifest";

/** What buildah 1.28 calls its containers. */
export const containerType = "buildah 0.0.1";

/** The fields of buildah 1.28's `Builder`, in the order in which Go writes them. */
export const builderFields: readonly string[] = [
  "Args",
  "type",
  "image",
  "image-id",
  "image-digest",
  "config",
  "manifest",
  "container-name",
  "container-id",
  "mountpoint",
  "process-label",
  "mount-label",
  "annotations",
  "created-by",
  "history-comment",
  "ociv1",
  "docker",
  "defaultMountsFilePath",
  "Isolation",
  "NamespaceOptions",
  "ConfigureNetwork",
  "CNIPluginPath",
  "CNIConfigDir",
  "IDMappingOptions",
  "Capabilities",
  "PrependedEmptyLayers",
  "AppendedEmptyLayers",
  "CommonBuildOpts",
  "TopLayer",
  "Format",
  "TempVolumes",
  "ContentDigester",
  "Devices",
];

/** Those that are no fields of a `BuilderState`, but stand in its document as plain data. */
const plainFields: ReadonlySet<string> = new Set([
  "Args",
  "process-label",
  "mount-label",
  "NamespaceOptions",
  "ConfigureNetwork",
  "CNIPluginPath",
  "CNIConfigDir",
  "IDMappingOptions",
  "Capabilities",
  "CommonBuildOpts",
  "TempVolumes",
  "ContentDigester",
  "Devices",
]);

/** Members that are maps in Go, whose keys are sorted. */
const mapFields: ReadonlySet<string> = new Set(["Args", "TempVolumes"]);

/** The members that a `BuilderState` has no fields for. */
export function documentOf(root: JsonObject, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return Object.freeze(
    Object.fromEntries(
      root.members.flatMap(({ name, value }): [string, unknown][] => {
        if (plainFields.has(name)) return [[name, plain(value, bytes)]];
        if (builderFields.includes(name)) return [];
        return [[name, rawJson(value, bytes)]];
      }),
    ),
  );
}

/** What is to stand in the file for a member of the document. */
export function documentValue(name: string, value: unknown): unknown {
  const isMap = mapFields.has(name) && typeof value === "object" && value !== null;
  return isMap ? new Map(Object.entries(value)) : value;
}

function rawJson({ start, end }: JsonNode, bytes: Uint8Array): RawJson {
  return new RawJson(bytes.subarray(start, end));
}

/** The plain value of a node, frozen. What JavaScript would not give back as it was stays as it is. */
function plain(node: JsonNode, bytes: Uint8Array): unknown {
  switch (node.kind) {
    case "null":
      return null;
    case "boolean":
    case "string":
      return node.value;
    case "number":
      return String(Number(node.text)) === node.text ? Number(node.text) : rawJson(node, bytes);
    case "array":
      return Object.freeze(node.items.map((item) => plain(item, bytes)));
    case "object":
      // Names that are numbers would not keep their order.
      if (node.members.some(({ name }) => /^\d+$/.test(name))) return rawJson(node, bytes);
      return Object.freeze(
        Object.fromEntries(node.members.map(({ name, value }) => [name, plain(value, bytes)])),
      );
  }
}
