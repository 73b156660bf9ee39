import type { ImageInspection, InspectedImage } from "@drayage/copy";
import type { ImageConfig } from "@drayage/manifest";
import { type GoTime, goTime } from "../template/values.ts";

/** A record whose fields print in their order; a `Map` is Go's map, sorted. */
type OutputRecord = Readonly<Record<string, unknown>>;

/** What `skopeo inspect` prints of an image, in its order. */
export function imageRecord(
  inspection: Pick<ImageInspection, "name">,
  image: Omit<InspectedImage, "author" | "config" | "digest" | "mediaType" | "variant">,
  { digest, names }: { readonly digest: string; readonly names: readonly string[] },
): OutputRecord {
  return {
    Name: inspection.name,
    Tag: image.tag === "" ? undefined : image.tag,
    Digest: digest,
    RepoTags: names,
    Created: image.created ?? null,
    DockerVersion: image.dockerVersion,
    Labels: mapOrNull(image.labels),
    Architecture: image.architecture,
    Os: image.os,
    Layers: image.layers,
    LayersData: image.layersData.map((layer) => ({
      MIMEType: layer.mediaType,
      Digest: layer.digest,
      Size: layer.size,
      Annotations: mapOrNull(layer.annotations),
    })),
    Env: image.env ?? null,
  };
}

/** What there is to say of an index: its images, each with its platform and digest. */
export function indexRecord(inspection: ImageInspection, digest: string): OutputRecord {
  return {
    Name: inspection.name,
    Digest: digest,
    MediaType: inspection.manifest.mediaType,
    Platforms: (inspection.instances ?? []).map((instance) => ({
      Platform: instance.platform ?? null,
      Digest: instance.digest,
      MediaType: instance.mediaType,
      ArtifactType: instance.artifactType,
      Size: instance.size,
      Annotations: instance.annotations === undefined ? undefined : mapOrNull(instance.annotations),
      Within: instance.within.length === 0 ? undefined : instance.within,
    })),
  };
}

/** The same for a template: times that print as Go's do, and empty things where JSON has `null`. */
export function templateRecord(record: OutputRecord): OutputRecord {
  const { Created } = record;
  const filled = Object.entries(record).map(([key, value]): [string, unknown] => {
    if (value instanceof Map) return [key, Object.fromEntries(value)];
    if (value === null && key === "Labels") return [key, {}];
    if (value === null && (key === "Env" || key === "Layers")) return [key, []];
    return [key, value ?? ""];
  });
  return {
    ...Object.fromEntries(filled),
    ...(typeof Created === "string" ? { Created: goTime(Created) } : {}),
  };
}

/** A config under the names of the fields of the OCI specification's Go structs, for a template. */
export function configRecord(config: ImageConfig): OutputRecord {
  const time = (text: string | undefined): GoTime | null => (text === undefined ? null : goTime(text));
  const container = config.config ?? {};
  return {
    Created: time(config.created),
    Author: config.author ?? "",
    Architecture: config.architecture,
    Variant: config.variant ?? "",
    OS: config.os,
    OSVersion: config["os.version"] ?? "",
    OSFeatures: config["os.features"] ?? [],
    Config: {
      ...container,
      User: container.User ?? "",
      ExposedPorts: container.ExposedPorts ?? {},
      Env: container.Env ?? [],
      Entrypoint: container.Entrypoint ?? [],
      Cmd: container.Cmd ?? [],
      Volumes: container.Volumes ?? {},
      WorkingDir: container.WorkingDir ?? "",
      Labels: container.Labels ?? {},
      StopSignal: container.StopSignal ?? "",
    },
    RootFS: { Type: config.rootfs?.type ?? "", DiffIDs: config.rootfs?.diff_ids ?? [] },
    History: (config.history ?? []).map((entry) => ({
      Created: time(entry.created),
      CreatedBy: entry.created_by ?? "",
      Author: entry.author ?? "",
      Comment: entry.comment ?? "",
      EmptyLayer: entry.empty_layer ?? false,
    })),
  };
}

function mapOrNull(values: Readonly<Record<string, string>> | undefined): Map<string, string> | null {
  return values === undefined ? null : new Map(Object.entries(values));
}
