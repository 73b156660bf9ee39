import type { FieldReader } from "./json/fields.ts";
import type { Descriptor, Platform } from "./types.ts";

export const descriptorFields: readonly string[] = [
  "mediaType",
  "digest",
  "size",
  "urls",
  "annotations",
  "data",
  "platform",
  "artifactType",
];

const platformFields: readonly string[] = [
  "architecture",
  "os",
  "os.version",
  "os.features",
  "variant",
  "features",
];

export function readDescriptor(reader: FieldReader): Descriptor {
  const mediaType = reader.string("mediaType");
  if (mediaType === undefined) throw reader.invalid("mediaType", "it is missing");
  const platform = reader.object("platform", platformFields);
  return Object.freeze({
    mediaType,
    digest: reader.digest("digest"),
    size: reader.size("size"),
    ...present("urls", reader.strings("urls")),
    ...present("annotations", reader.stringMap("annotations")),
    ...present("data", readBase64(reader)),
    ...present("platform", platform === undefined ? undefined : readPlatform(platform)),
    ...present("artifactType", reader.string("artifactType")),
    ...present("extra", reader.extra()),
  });
}

function readPlatform(reader: FieldReader): Platform {
  return Object.freeze({
    architecture: reader.string("architecture") ?? "",
    os: reader.string("os") ?? "",
    ...present("os.version", reader.string("os.version")),
    ...present("os.features", reader.strings("os.features")),
    ...present("variant", reader.string("variant")),
    ...present("features", reader.strings("features")),
    ...present("extra", reader.extra()),
  });
}

function readBase64(reader: FieldReader): string | undefined {
  const text = reader.string("data");
  if (text === undefined) return undefined;
  // Groups of four, the last with padding (RFC 4648 section 4).
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw reader.invalid("data", "it is not base64");
  }
  return text;
}

/** An object with the one field, or with none where there is no value: absent and undefined differ. */
export function present<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}
