import { DrayageError } from "@drayage/errors";
import {
  type Descriptor,
  encodeDockerList,
  encodeGoJson,
  encodeOciIndex,
  type IndexMediaType,
  isIndexMediaType,
  manifestLimit,
  mediaTypes,
} from "@drayage/manifest";
import type { ImageList } from "./image-list.ts";

export interface EncodedList {
  readonly bytes: Uint8Array;
  readonly mediaType: IndexMediaType;
}

/**
 * - `oci`, `docker`: that, or nothing.
 * - `auto`: what buildah and podman choose when they change a list: docker for one without entries or with features of CPUs, else OCI.
 * - `new`: what they choose for a new list: docker.
 *
 * With `auto` and `new`, a list that says what docker's cannot hold becomes an OCI index.
 */
export type ListFormat = "oci" | "docker" | "auto" | "new";

/**
 * The list as Go's tools write it (containers/common, `manifests.Serialize`).
 *
 * @throws `ERR_DRAYAGE_CONVERSION_UNSUPPORTED` where `docker` is asked for and would lose something; `ERR_DRAYAGE_LIMIT_EXCEEDED` for more
 *   than 4 MiB
 */
export function encodeList(list: ImageList, format: ListFormat = "auto"): EncodedList {
  const mediaType = chooseType(list, format);
  const bytes =
    mediaType === mediaTypes.ociIndex
      ? encodeOciIndex({ ...partsOf(list), mediaType }, undefined)
      : encodeDocker(list);
  if (bytes.length <= manifestLimit) return { bytes, mediaType };
  throw new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `the list of ${list.entries.length} images has ${bytes.length} bytes, and readers take ${manifestLimit} at most`,
    { hint: "divide it, and make a list of lists" },
  );
}

function chooseType(list: ImageList, format: ListFormat): IndexMediaType {
  if (format === "oci") return mediaTypes.ociIndex;
  const [lost] = onlyInOci(list);
  if (format === "docker") {
    if (lost === undefined) return mediaTypes.dockerManifestList;
    throw new DrayageError(
      "ERR_DRAYAGE_CONVERSION_UNSUPPORTED",
      `a docker manifest list has no place for ${lost}`,
      { hint: "write it as an OCI index (--format oci)" },
    );
  }
  if (lost !== undefined) return mediaTypes.ociIndex;
  if (format === "new") return mediaTypes.dockerManifestList;
  const hasFeatures = list.entries.some(({ platform }) => (platform?.features ?? []).length > 0);
  return hasFeatures || list.entries.length === 0 ? mediaTypes.dockerManifestList : mediaTypes.ociIndex;
}

/** What a docker manifest list cannot hold, in words. */
export function onlyInOci({ entries, annotations, subject, artifactType }: ImageList): readonly string[] {
  const ofList = [
    ...(isEmpty(annotations) ? [] : ["annotations of the list"]),
    ...(subject === undefined ? [] : ["a subject"]),
    ...(artifactType === undefined ? [] : ["an artifact type"]),
  ];
  return [...ofList, ...entries.flatMap(onlyInOciEntry)];
}

function onlyInOciEntry(entry: Descriptor): readonly string[] {
  const what: readonly (readonly [boolean, string])[] = [
    [!isEmpty(entry.annotations), "the annotations of"],
    [entry.data !== undefined, "the data of"],
    [entry.artifactType !== undefined, "the artifact type of"],
    [entry.platform === undefined, "no platform of"],
    [isIndexMediaType(entry.mediaType), "the nested list"],
  ];
  return what.filter(([holds]) => holds).map(([, text]) => `${text} ${entry.digest}`);
}

function isEmpty(map: object | undefined): boolean {
  return map === undefined || Object.keys(map).length === 0;
}

function encodeDocker(list: ImageList): Uint8Array {
  const { extra } = list;
  // A list that never had an entry is Go's nil.
  if (list.mediaType === undefined && list.entries.length === 0) {
    return encodeGoJson({ schemaVersion: 2, mediaType: mediaTypes.dockerManifestList, manifests: null });
  }
  return encodeDockerList(
    {
      mediaType: mediaTypes.dockerManifestList,
      manifests: list.entries,
      ...(extra === undefined ? {} : { extra }),
    },
    undefined,
  );
}

function partsOf({
  entries,
  annotations,
  subject,
  artifactType,
  extra,
}: ImageList): Parameters<typeof encodeOciIndex>[0] {
  return {
    manifests: entries,
    ...(annotations === undefined ? {} : { annotations }),
    ...(subject === undefined ? {} : { subject }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(extra === undefined ? {} : { extra }),
  };
}
