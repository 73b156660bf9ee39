import { type BuilderState, formatGoDuration, type HistoryItem, inspection } from "@drayage/builder";
import type { ContainerConfig, ImageConfig } from "@drayage/manifest";
import { type GoTime, goNil, goStruct, goTime } from "../template/values.ts";

/** The fields of buildah's templates, by the names that they have in Go. */
export function templateRecord(state: BuilderState): Fields {
  const { image } = state;
  const told = inspection(state);
  const history = [...(image.oci.history ?? []), ...state.prependedEmptyLayers, ...state.appendedEmptyLayers];
  return {
    ...told,
    ImageAnnotations: { ...state.annotations },
    OCIv1: ociFields(image.oci),
    Docker: dockerFields(image.docker),
    NamespaceOptions: structs(told.NamespaceOptions),
    Capabilities: told.Capabilities ?? [],
    IDMappingOptions: idMappings(told.IDMappingOptions),
    History: history.map(historyFields),
    Devices: structs(told.Devices),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list of structs, whose fields the container's file has in their order. */
function structs(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields).map(goStruct) : [];
}

/** Which users are which: what is null in a file is an empty list. */
function idMappings(value: unknown): unknown {
  if (!isFields(value)) return goNil;
  return goStruct(
    Object.fromEntries(
      Object.entries(value).map(([name, field]) => [
        name,
        isFields(field) ? idMappings(field) : (field ?? []),
      ]),
    ),
  );
}

/** Names with nothing behind them: ports, volumes. */
function names(set: object | null | undefined): Fields {
  return Object.fromEntries(Object.keys(set ?? {}).map((name) => [name, goStruct({})]));
}

function commonFields(image: ImageConfig): Fields {
  return {
    Created: time(image.created),
    Author: image.author ?? "",
    Architecture: image.architecture,
    Variant: image.variant ?? "",
    OS: image.os,
    OSVersion: image["os.version"] ?? "",
    OSFeatures: image["os.features"] ?? [],
  };
}

function filesOf(image: ImageConfig): Fields {
  return {
    RootFS: goStruct({ Type: image.rootfs?.type ?? "", DiffIDs: image.rootfs?.diff_ids ?? [] }),
    History: (image.history ?? []).map(historyFields),
  };
}

function ociFields(image: ImageConfig): Fields {
  const config = image.config ?? {};
  return goStruct({
    ...commonFields(image),
    Config: goStruct({
      User: config.User ?? "",
      ExposedPorts: names(config.ExposedPorts),
      Env: config.Env ?? [],
      Entrypoint: config.Entrypoint ?? [],
      Cmd: config.Cmd ?? [],
      Volumes: names(config.Volumes),
      WorkingDir: config.WorkingDir ?? "",
      Labels: config.Labels ?? {},
      StopSignal: config.StopSignal ?? "",
      ArgsEscaped: false,
    }),
    ...filesOf(image),
  });
}

function dockerFields(image: ImageConfig): Fields {
  const text = (name: string): unknown => (image as unknown as Fields)[name] ?? "";
  return goStruct({
    ID: text("id"),
    Parent: text("parent"),
    Comment: text("comment"),
    Container: text("container"),
    DockerVersion: text("docker_version"),
    Config: dockerConfig(image.config ?? {}),
    ContainerConfig: dockerConfig(image.container_config ?? image.config ?? {}),
    ...commonFields(image),
    ...filesOf(image),
  });
}

function dockerConfig(config: ContainerConfig): Fields {
  const own = config as Fields;
  return goStruct({
    Hostname: own.Hostname ?? "",
    Domainname: own.Domainname ?? "",
    User: own.User ?? "",
    AttachStdin: own.AttachStdin ?? false,
    AttachStdout: own.AttachStdout ?? false,
    AttachStderr: own.AttachStderr ?? false,
    ExposedPorts: names(config.ExposedPorts),
    Tty: own.Tty ?? false,
    OpenStdin: own.OpenStdin ?? false,
    StdinOnce: own.StdinOnce ?? false,
    Env: own.Env ?? [],
    Cmd: own.Cmd ?? [],
    Healthcheck: healthcheckOf(config),
    ArgsEscaped: own.ArgsEscaped ?? false,
    Image: own.Image ?? "",
    Volumes: names(config.Volumes),
    WorkingDir: own.WorkingDir ?? "",
    Entrypoint: own.Entrypoint ?? [],
    NetworkDisabled: own.NetworkDisabled ?? false,
    MacAddress: own.MacAddress ?? "",
    OnBuild: own.OnBuild ?? [],
    Labels: own.Labels ?? {},
    StopSignal: own.StopSignal ?? "",
    StopTimeout: own.StopTimeout ?? goNil,
    Shell: own.Shell ?? [],
  });
}

function healthcheckOf({ Healthcheck: check }: ContainerConfig): unknown {
  if (check === null || check === undefined) return goNil;
  return goStruct({
    Test: check.Test ?? [],
    Interval: formatGoDuration(check.Interval ?? 0),
    Timeout: formatGoDuration(check.Timeout ?? 0),
    StartPeriod: formatGoDuration(check.StartPeriod ?? 0),
    Retries: check.Retries ?? 0,
  });
}

function historyFields(item: HistoryItem): Fields {
  return goStruct({
    Created: time(item.created),
    CreatedBy: item.created_by ?? "",
    Author: item.author ?? "",
    Comment: item.comment ?? "",
    EmptyLayer: item.empty_layer ?? false,
  });
}

function time(text: string | undefined): GoTime | undefined {
  return text === undefined ? undefined : goTime(text);
}
