import type { DockerReference } from "@drayage/reference";

/** When a mirror is asked: for all images, for those named by digest, for those named by tag. */
export type PullFromMirror = "all" | "digest-only" | "tag-only";

/** A place that has what a registry has, or a part of it. */
export interface Mirror {
  /** What the registry's prefix becomes: `mirror.example.com/hub`. */
  readonly location: string;
  /** Whether plain HTTP, and certificates of unknown makers, are taken. */
  readonly insecure: boolean;
  readonly pullFromMirror: PullFromMirror;
}

/** A `[[registry]]` of registries.conf: what holds for images whose names start with the prefix. */
export interface RegistryEntry {
  /** `host[:port][/namespace…][/repository]` or `*.domain`. */
  readonly prefix: string;
  /** What the prefix becomes. Absent: names stay as they are. */
  readonly location?: string | undefined;
  readonly insecure: boolean;
  /** The registry itself is not asked; its mirrors are. */
  readonly blocked: boolean;
  /** In the order in which they are asked, before the registry itself. */
  readonly mirrors: readonly Mirror[];
  /** The file that it stands in. */
  readonly origin: string;
}

/** How a short name is resolved for which there is no alias (containers-registries.conf(5), `short-name-mode`). */
export type ShortNameMode = "enforcing" | "permissive" | "disabled";

/** What a short name stands for. */
export interface ShortNameAlias {
  /** Absent where a file takes back what one before it said. */
  readonly name: DockerReference | undefined;
  /** The file that it stands in. */
  readonly origin: string;
}

/** What registries.conf and its drop-ins say together. */
export interface RegistriesConfig {
  /** Sorted by prefix, each prefix once. */
  readonly registries: readonly RegistryEntry[];
  /** Hosts to look for short names at, in this order. */
  readonly unqualifiedSearchRegistries: readonly string[];
  /** The file that names these hosts. */
  readonly unqualifiedSearchOrigin?: string | undefined;
  /** Where logins are kept, in this order: `containers-auth.json` is the files, others are credential helpers. */
  readonly credentialHelpers: readonly string[];
  readonly shortNameMode: ShortNameMode;
  readonly aliases: ReadonlyMap<string, ShortNameAlias>;
  /** The files that were read, in this order; later ones count more. */
  readonly files: readonly string[];
}

/** One file's part of the configuration. Absent: it does not say. */
export interface RegistriesFile {
  readonly path: string;
  readonly registries: readonly RegistryEntry[];
  readonly unqualifiedSearchRegistries?: readonly string[] | undefined;
  readonly credentialHelpers?: readonly string[] | undefined;
  readonly shortNameMode?: ShortNameMode | undefined;
  readonly aliases: ReadonlyMap<string, ShortNameAlias>;
}
