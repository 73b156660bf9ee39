import { type BuilderState, type HistoryItem, inspection } from "@drayage/builder";
import type { ContainerConfig, ImageConfig } from "@drayage/manifest";
import { type GoTime, goTime } from "../template/values.ts";

/** The fields of buildah's templates, by the names that they have in Go. */
export function templateRecord(state: BuilderState): Readonly<Record<string, unknown>> {
  const { image } = state;
  const told = inspection(state);
  const history = [...(image.oci.history ?? []), ...state.prependedEmptyLayers, ...state.appendedEmptyLayers];
  return {
    ...told,
    ImageAnnotations: { ...state.annotations },
    OCIv1: ociFields(image.oci),
    Docker: dockerFields(image.docker),
    Capabilities: told.Capabilities ?? [],
    History: history.map(historyFields),
    Devices: told.Devices ?? [],
  };
}

function commonFields(image: ImageConfig): Readonly<Record<string, unknown>> {
  return {
    Created: time(image.created),
    Author: image.author ?? "",
    Architecture: image.architecture,
    Variant: image.variant ?? "",
    OS: image.os,
    OSVersion: image["os.version"] ?? "",
    OSFeatures: image["os.features"] ?? [],
    RootFS: { Type: image.rootfs?.type ?? "", DiffIDs: image.rootfs?.diff_ids ?? [] },
    History: (image.history ?? []).map(historyFields),
  };
}

function ociFields(image: ImageConfig): Readonly<Record<string, unknown>> {
  const config = image.config ?? {};
  return {
    ...commonFields(image),
    Config: {
      User: config.User ?? "",
      ExposedPorts: config.ExposedPorts ?? {},
      Env: config.Env ?? [],
      Entrypoint: config.Entrypoint ?? [],
      Cmd: config.Cmd ?? [],
      Volumes: config.Volumes ?? {},
      WorkingDir: config.WorkingDir ?? "",
      Labels: config.Labels ?? {},
      StopSignal: config.StopSignal ?? "",
    },
  };
}

function dockerFields(image: ImageConfig): Readonly<Record<string, unknown>> {
  const text = (name: string): unknown => (image as unknown as Readonly<Record<string, unknown>>)[name] ?? "";
  return {
    ...commonFields(image),
    ID: text("id"),
    Parent: text("parent"),
    Comment: text("comment"),
    Container: text("container"),
    DockerVersion: text("docker_version"),
    Config: dockerConfig(image.config ?? {}),
    ContainerConfig: dockerConfig(image.container_config ?? image.config ?? {}),
  };
}

function dockerConfig(config: ContainerConfig): Readonly<Record<string, unknown>> {
  return {
    Hostname: "",
    Domainname: "",
    User: "",
    ExposedPorts: {},
    Env: [],
    Cmd: [],
    Healthcheck: undefined,
    Image: "",
    Volumes: {},
    WorkingDir: "",
    Entrypoint: [],
    OnBuild: [],
    Labels: {},
    StopSignal: "",
    Shell: [],
    ...Object.fromEntries(
      Object.entries(config).filter(
        ([name, value]) => name !== "extra" && value !== null && value !== undefined,
      ),
    ),
  };
}

function historyFields(item: HistoryItem): Readonly<Record<string, unknown>> {
  return {
    Created: time(item.created),
    CreatedBy: item.created_by ?? "",
    Author: item.author ?? "",
    Comment: item.comment ?? "",
    EmptyLayer: item.empty_layer ?? false,
  };
}

function time(text: string | undefined): GoTime | undefined {
  return text === undefined ? undefined : goTime(text);
}
