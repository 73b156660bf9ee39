import type { StoredList } from "@drayage/composite";
import { type Descriptor, mediaTypes } from "@drayage/manifest";

/** A list as buildah and podman show it: as docker's, with what only an OCI index has added. */
export function inspection({ list, artifacts }: StoredList): object {
  const { entries, annotations, subject, artifactType } = list;
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifestList,
    manifests:
      entries.length === 0 && list.mediaType === undefined
        ? null
        : entries.map((entry) => ({ ...shown(entry), files: artifacts.files.get(entry.digest) })),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations: new Map(Object.entries(annotations)) }),
    ...(subject === undefined ? {} : { subject: shown(subject) }),
  };
}

function shown({
  mediaType,
  size,
  digest,
  urls,
  platform,
  annotations,
  artifactType,
  data,
}: Descriptor): object {
  const unlessEmpty = <T>(list: readonly T[] | undefined): readonly T[] | undefined =>
    list === undefined || list.length === 0 ? undefined : list;
  return {
    mediaType,
    size,
    digest,
    urls: unlessEmpty(urls),
    platform: {
      architecture: platform?.architecture ?? "",
      os: platform?.os ?? "",
      "os.version": platform?.["os.version"] || undefined,
      "os.features": unlessEmpty(platform?.["os.features"]),
      variant: platform?.variant || undefined,
      features: unlessEmpty(platform?.features),
    },
    annotations: annotations && new Map(Object.entries(annotations)),
    artifactType,
    data,
  };
}
