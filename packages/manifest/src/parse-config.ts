import type { ContainerConfig, Healthcheck, HistoryEntry, ImageConfig, NameSet, RootFs } from "./config.ts";
import { type FieldReader, type ReadContext, readFields } from "./json/fields.ts";
import { parseJson } from "./json/parse.ts";
import { quote } from "./json/quote.ts";
import { configLimit } from "./limits.ts";
import { present } from "./parse-descriptor.ts";
import { normalizeTime } from "./time.ts";

const code = "ERR_DRAYAGE_CONFIG_INVALID";

const imageFields: readonly string[] = [
  "created",
  "author",
  "architecture",
  "os",
  "os.version",
  "os.features",
  "variant",
  "config",
  "rootfs",
  "history",
  "id",
  "parent",
  "comment",
  "container",
  "container_config",
  "docker_version",
  "Size",
];

const containerFields: readonly string[] = [
  "User",
  "ExposedPorts",
  "Env",
  "Entrypoint",
  "Cmd",
  "Volumes",
  "WorkingDir",
  "Labels",
  "StopSignal",
  "ArgsEscaped",
  "Hostname",
  "Domainname",
  "AttachStdin",
  "AttachStdout",
  "AttachStderr",
  "Tty",
  "OpenStdin",
  "StdinOnce",
  "Healthcheck",
  "Image",
  "NetworkDisabled",
  "MacAddress",
  "OnBuild",
  "StopTimeout",
  "Shell",
];

const healthFields: readonly string[] = [
  "Test",
  "StartPeriod",
  "StartInterval",
  "Interval",
  "Timeout",
  "Retries",
];

const historyFields: readonly string[] = ["created", "author", "created_by", "comment", "empty_layer"];

/**
 * The config of an image, OCI's or Docker's. As in Go, a name may differ from its field's by case; one that
 * stands twice, be it in two cases, is refused.
 *
 * @throws ERR_DRAYAGE_CONFIG_INVALID naming the field, ERR_DRAYAGE_LIMIT_EXCEEDED
 */
export function parseConfig(bytes: Uint8Array): ImageConfig {
  const root = parseJson(bytes, { what: "config", code, limit: configLimit });
  const context: ReadContext = { what: "config", code, bytes, otherCase: "accept" };
  const reader = readFields(root, context, { path: "", fields: imageFields });
  return Object.freeze({
    bytes,
    ...present("created", readTime(reader, "created")),
    ...present("author", reader.string("author")),
    architecture: reader.string("architecture") ?? "",
    os: reader.string("os") ?? "",
    ...present("os.version", reader.string("os.version")),
    ...present("os.features", reader.strings("os.features")),
    ...present("variant", reader.string("variant")),
    ...present("config", readContainer(reader, "config")),
    ...present("rootfs", readRootFs(reader)),
    ...present("history", readHistory(reader)),
    ...present("id", reader.string("id")),
    ...present("parent", reader.string("parent")),
    ...present("comment", reader.string("comment")),
    ...present("container", reader.string("container")),
    ...present("container_config", readContainer(reader, "container_config")),
    ...present("docker_version", reader.string("docker_version")),
    ...present("Size", reader.integer("Size")),
    ...present("extra", reader.extra()),
  });
}

function readTime(reader: FieldReader, name: string): string | undefined {
  const text = reader.string(name);
  if (text === undefined) return undefined;
  const time = normalizeTime(text);
  if (time === undefined) throw reader.invalid(name, `${quote(text)} is not a time of RFC 3339`);
  return time;
}

function readContainer(image: FieldReader, name: string): ContainerConfig | undefined {
  const reader = image.object(name, containerFields);
  if (reader === undefined) return undefined;
  return Object.freeze({
    ...present("User", reader.string("User")),
    ...present("ExposedPorts", readNameSet(reader, "ExposedPorts")),
    ...present("Env", reader.strings("Env")),
    ...present("Entrypoint", readCommand(reader, "Entrypoint")),
    ...present("Cmd", readCommand(reader, "Cmd")),
    ...present("Volumes", readNameSet(reader, "Volumes")),
    ...present("WorkingDir", reader.string("WorkingDir")),
    ...present("Labels", reader.stringMap("Labels")),
    ...present("StopSignal", reader.string("StopSignal")),
    ...present("ArgsEscaped", reader.boolean("ArgsEscaped")),
    ...present("Hostname", reader.string("Hostname")),
    ...present("Domainname", reader.string("Domainname")),
    ...present("AttachStdin", reader.boolean("AttachStdin")),
    ...present("AttachStdout", reader.boolean("AttachStdout")),
    ...present("AttachStderr", reader.boolean("AttachStderr")),
    ...present("Tty", reader.boolean("Tty")),
    ...present("OpenStdin", reader.boolean("OpenStdin")),
    ...present("StdinOnce", reader.boolean("StdinOnce")),
    ...present("Healthcheck", readHealthcheck(reader)),
    ...present("Image", reader.string("Image")),
    ...present("NetworkDisabled", reader.boolean("NetworkDisabled")),
    ...present("MacAddress", reader.string("MacAddress")),
    ...present("OnBuild", reader.strings("OnBuild")),
    ...present("StopTimeout", reader.integer("StopTimeout")),
    ...present("Shell", readCommand(reader, "Shell")),
    ...present("extra", reader.extra()),
  });
}

/** Docker reads a text as a list of one. */
function readCommand(reader: FieldReader, name: string): readonly string[] | undefined {
  const node = reader.node(name);
  return node?.kind === "string" ? Object.freeze([node.value]) : reader.strings(name);
}

function readNameSet(reader: FieldReader, name: string): NameSet | undefined {
  const node = reader.node(name);
  if (node === undefined) return undefined;
  if (node.kind !== "object") throw reader.invalid(name, "an object is expected");
  return Object.freeze(
    Object.fromEntries(
      node.members.map((member) => {
        if (member.value.kind !== "object" && member.value.kind !== "null") {
          throw reader.invalid(name, `${quote(member.name)} must have an empty object`);
        }
        return [member.name, Object.freeze({})];
      }),
    ),
  );
}

function readHealthcheck(container: FieldReader): Healthcheck | undefined {
  const reader = container.object("Healthcheck", healthFields);
  if (reader === undefined) return undefined;
  return Object.freeze({
    ...present("Test", reader.strings("Test")),
    ...present("StartPeriod", reader.integer("StartPeriod")),
    ...present("StartInterval", reader.integer("StartInterval")),
    ...present("Interval", reader.integer("Interval")),
    ...present("Timeout", reader.integer("Timeout")),
    ...present("Retries", reader.integer("Retries")),
    ...present("extra", reader.extra()),
  });
}

function readRootFs(image: FieldReader): RootFs | undefined {
  const reader = image.object("rootfs", ["type", "diff_ids"]);
  if (reader === undefined) return undefined;
  return Object.freeze({
    type: reader.string("type") ?? "",
    ...present("diff_ids", reader.digests("diff_ids")),
  });
}

function readHistory(image: FieldReader): readonly HistoryEntry[] | undefined {
  const entries = image.objects("history", historyFields);
  if (entries === undefined) return undefined;
  return Object.freeze(
    entries.map((entry) =>
      Object.freeze({
        ...present("created", readTime(entry, "created")),
        ...present("author", entry.string("author")),
        ...present("created_by", entry.string("created_by")),
        ...present("comment", entry.string("comment")),
        ...present("empty_layer", entry.boolean("empty_layer")),
      }),
    ),
  );
}
