import type { Digest } from "@drayage/digest";
import type { Annotations, ExtraFields } from "./types.ts";

/** A set as JSON has it: the names, each with an empty object. */
export type NameSet = Readonly<Record<string, Readonly<Record<string, never>>>>;

/**
 * The config of an image (OCI config.md), with the fields that Docker adds to it. `null` is as good as absent.
 * Times are RFC 3339 as Go prints them.
 */
export interface ImageConfig {
  /** The document as it came. */
  readonly bytes: Uint8Array;
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  /** As Go names it; empty where the config says nothing. */
  readonly architecture: string;
  /** As Go names it; empty where the config says nothing. */
  readonly os: string;
  readonly "os.version"?: string | undefined;
  readonly "os.features"?: readonly string[] | undefined;
  readonly variant?: string | undefined;
  readonly config?: ContainerConfig | undefined;
  readonly rootfs?: RootFs | undefined;
  /** The oldest first. */
  readonly history?: readonly HistoryEntry[] | undefined;
  /** Docker's: the id of an image of docker v2s1. */
  readonly id?: string | undefined;
  /** Docker's. */
  readonly parent?: string | undefined;
  /** Docker's. */
  readonly comment?: string | undefined;
  /** Docker's: the id of the container that was committed. */
  readonly container?: string | undefined;
  /** Docker's: the config of that container. */
  readonly container_config?: ContainerConfig | undefined;
  /** Docker's. */
  readonly docker_version?: string | undefined;
  /** Docker's, in bytes. */
  readonly Size?: number | undefined;
  readonly extra?: ExtraFields | undefined;
}

/** How to run a container of the image. The first ten fields are OCI's, the others Docker's. */
export interface ContainerConfig {
  readonly User?: string | undefined;
  /** `port/protocol`, as in `80/tcp`. */
  readonly ExposedPorts?: NameSet | undefined;
  readonly Env?: readonly string[] | undefined;
  readonly Entrypoint?: readonly string[] | undefined;
  readonly Cmd?: readonly string[] | undefined;
  readonly Volumes?: NameSet | undefined;
  readonly WorkingDir?: string | undefined;
  readonly Labels?: Annotations | undefined;
  readonly StopSignal?: string | undefined;
  readonly ArgsEscaped?: boolean | undefined;

  readonly Hostname?: string | undefined;
  readonly Domainname?: string | undefined;
  readonly AttachStdin?: boolean | undefined;
  readonly AttachStdout?: boolean | undefined;
  readonly AttachStderr?: boolean | undefined;
  readonly Tty?: boolean | undefined;
  readonly OpenStdin?: boolean | undefined;
  readonly StdinOnce?: boolean | undefined;
  readonly Healthcheck?: Healthcheck | undefined;
  readonly Image?: string | undefined;
  readonly NetworkDisabled?: boolean | undefined;
  readonly MacAddress?: string | undefined;
  readonly OnBuild?: readonly string[] | undefined;
  /** In seconds. */
  readonly StopTimeout?: number | undefined;
  readonly Shell?: readonly string[] | undefined;
  readonly extra?: ExtraFields | undefined;
}

/** Docker's check of a running container. Times are nanoseconds. */
export interface Healthcheck {
  readonly Test?: readonly string[] | undefined;
  readonly StartPeriod?: number | undefined;
  readonly StartInterval?: number | undefined;
  readonly Interval?: number | undefined;
  readonly Timeout?: number | undefined;
  readonly Retries?: number | undefined;
  readonly extra?: ExtraFields | undefined;
}

export interface RootFs {
  /** `layers` */
  readonly type: string;
  /** The digests of the layers' uncompressed tars, the base layer first. */
  readonly diff_ids?: readonly Digest[] | undefined;
}

export interface HistoryEntry {
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly created_by?: string | undefined;
  readonly comment?: string | undefined;
  /** Whether this step made no layer. */
  readonly empty_layer?: boolean | undefined;
}
