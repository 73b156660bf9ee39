import type { ContainerConfig, Healthcheck, HistoryEntry, ImageConfig } from "./config.ts";
import { encodeGoJson, RawJson } from "./json/encode.ts";
import { zeroTime } from "./time.ts";

/**
 * A config as containers/image writes it when it converts to OCI: the fields of the OCI specification alone,
 * in the order of its Go structs. All others are lost.
 */
export function encodeGoOciConfig(config: ImageConfig): Uint8Array {
  const { config: container, rootfs } = config;
  return encodeGoJson({
    created: config.created,
    author: text(config.author),
    architecture: config.architecture,
    // Builds with a later OCI specification than skopeo 1.9.3's have the variant after the OS's fields.
    variant: text(config.variant),
    os: config.os,
    "os.version": text(config["os.version"]),
    "os.features": list(config["os.features"]),
    config: {
      User: text(container?.User),
      ExposedPorts: nonEmptyMap(container?.ExposedPorts),
      Env: list(container?.Env),
      Entrypoint: list(container?.Entrypoint),
      Cmd: list(container?.Cmd),
      Volumes: nonEmptyMap(container?.Volumes),
      WorkingDir: text(container?.WorkingDir),
      Labels: nonEmptyMap(container?.Labels),
      StopSignal: text(container?.StopSignal),
      ArgsEscaped: flag(container?.ArgsEscaped),
    },
    rootfs: { type: rootfs?.type ?? "", diff_ids: rootfs?.diff_ids ?? null },
    history: list(config.history?.map(ociHistory)),
  });
}

function ociHistory(entry: HistoryEntry): object {
  return {
    created: entry.created,
    created_by: text(entry.created_by),
    author: text(entry.author),
    comment: text(entry.comment),
    empty_layer: flag(entry.empty_layer),
  };
}

/**
 * A config as docker's `V1Image` struct, in which containers/image (like docker) writes those of docker
 * before 1.8.3 anew, so that they have all fields of later ones.
 */
export function encodeDockerV1Config(config: ImageConfig): Uint8Array {
  return encodeGoJson({
    id: text(config.id),
    parent: text(config.parent),
    comment: text(config.comment),
    created: config.created ?? zeroTime,
    container: text(config.container),
    container_config: dockerContainer(config.container_config ?? {}),
    docker_version: text(config.docker_version),
    author: text(config.author),
    config: config.config === undefined ? undefined : dockerContainer(config.config),
    architecture: text(config.architecture),
    variant: text(config.variant),
    os: text(config.os),
    Size: number(config.Size),
  });
}

/** Its fields in the order of Go's struct; those of a health check are in the order that the writer has. */
export function dockerContainer(container: ContainerConfig, writer: "image" | "buildah" = "image"): object {
  return {
    Hostname: container.Hostname ?? "",
    Domainname: container.Domainname ?? "",
    User: container.User ?? "",
    AttachStdin: container.AttachStdin ?? false,
    AttachStdout: container.AttachStdout ?? false,
    AttachStderr: container.AttachStderr ?? false,
    ExposedPorts: nonEmptyMap(container.ExposedPorts),
    Tty: container.Tty ?? false,
    OpenStdin: container.OpenStdin ?? false,
    StdinOnce: container.StdinOnce ?? false,
    Env: container.Env ?? null,
    Cmd: container.Cmd ?? null,
    Healthcheck:
      container.Healthcheck === undefined ? undefined : healthchecks[writer](container.Healthcheck),
    ArgsEscaped: flag(container.ArgsEscaped),
    Image: container.Image ?? "",
    Volumes: container.Volumes === undefined ? null : new Map(Object.entries(container.Volumes)),
    WorkingDir: container.WorkingDir ?? "",
    Entrypoint: container.Entrypoint ?? null,
    NetworkDisabled: flag(container.NetworkDisabled),
    MacAddress: text(container.MacAddress),
    OnBuild: container.OnBuild ?? null,
    Labels: container.Labels === undefined ? null : new Map(Object.entries(container.Labels)),
    StopSignal: text(container.StopSignal),
    StopTimeout: container.StopTimeout,
    Shell: list(container.Shell),
  };
}

const healthchecks = {
  image: (check: Healthcheck) => ({
    Test: list(check.Test),
    StartPeriod: number(check.StartPeriod),
    StartInterval: number(check.StartInterval),
    Interval: number(check.Interval),
    Timeout: number(check.Timeout),
    Retries: number(check.Retries),
  }),
  buildah: (check: Healthcheck) => ({
    Test: list(check.Test),
    Interval: number(check.Interval),
    Timeout: number(check.Timeout),
    StartPeriod: number(check.StartPeriod),
    StartInterval: number(check.StartInterval),
    Retries: number(check.Retries),
  }),
};

/** History entries as docker's config has them. */
export function encodeDockerHistory(entries: readonly HistoryEntry[]): RawJson {
  return new RawJson(
    encodeGoJson(
      entries.map((entry) => ({
        created: entry.created ?? zeroTime,
        author: text(entry.author),
        created_by: text(entry.created_by),
        comment: text(entry.comment),
        empty_layer: flag(entry.empty_layer),
      })),
    ),
  );
}

// Go's `omitempty`: what is empty, zero or false is left out.

export function text(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

export function list<T>(value: readonly T[] | undefined): readonly T[] | undefined {
  return value === undefined || value.length === 0 ? undefined : value;
}

export function flag(value: boolean | undefined): true | undefined {
  return value === true ? true : undefined;
}

export function number(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}

export function nonEmptyMap<V>(value: Readonly<Record<string, V>> | undefined): Map<string, V> | undefined {
  if (value === undefined) return undefined;
  const entries = Object.entries(value);
  return entries.length === 0 ? undefined : new Map(entries);
}
