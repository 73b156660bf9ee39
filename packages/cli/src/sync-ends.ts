import { readFile, stat } from "node:fs/promises";
import { DrayageError, ioError } from "@drayage/errors";
import {
  createTagFilter,
  dirDestination,
  dirSource,
  listSource,
  ociArchiveDestination,
  ociArchiveSource,
  ociDirDestination,
  ociDirSource,
  parseRegistryText,
  parseSourceList,
  type RegistrySourceOptions,
  type RegistryText,
  registryDestination,
  registrySource,
  type SyncDestination,
  type SyncSource,
} from "@drayage/sync";
import type { DestinationOptions, Registry, SourceOptions, Transport } from "@drayage/transport";
import { listRepositories } from "./catalog.ts";
import type { SyncFlags } from "./commands/sync.command.ts";
import type { DrayContext } from "./context.ts";
import { warn } from "./source-options.ts";

const sources = ["docker", "dir", "yaml", "oci-dir", "oci-archive"] as const;
const destinations = ["docker", "dir", "oci-dir", "oci-archive"] as const;

export interface SyncKinds {
  readonly src: (typeof sources)[number];
  readonly dest: (typeof destinations)[number];
}

/** Which transports `--src` and `--dest` name. Throws `ERR_DRAYAGE_USAGE`, with the words of skopeo. */
export function syncKinds({ src, dest }: Pick<SyncFlags, "src" | "dest">): SyncKinds {
  const kinds = { src: kindOf("source", src, sources), dest: kindOf("destination", dest, destinations) };
  if (kinds.src === "dir" && kinds.dest === "dir") {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      "sync from 'dir' to 'dir' not implemented, consider using rsync instead",
    );
  }
  return kinds;
}

function kindOf<K extends string>(what: string, given: string | undefined, known: readonly K[]): K {
  if (given === undefined || given === "") {
    const flag = what === "source" ? "--src" : "--dest";
    throw new DrayageError("ERR_DRAYAGE_USAGE", `A ${what} transport must be specified`, {
      hint: `${flag} is one of ${known.join(", ")}`,
    });
  }
  const name = given === "oci" ? "oci-dir" : given;
  const found = known.find((kind) => kind === name);
  if (found !== undefined) return found;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(given)} is not a valid ${what} transport`, {
    hint: `it is one of ${known.join(", ")}`,
  });
}

interface SourceInput {
  readonly kind: SyncKinds["src"];
  readonly text: string;
  readonly flags: Pick<SyncFlags, "include" | "exclude">;
  readonly registry: Registry;
  readonly sourceOptions: SourceOptions;
}

export interface OpenedSource {
  readonly source: SyncSource;
  /** Of a registry: what the text was taken for. */
  readonly registryText?: RegistryText | undefined;
}

export async function syncSource(context: DrayContext, input: SourceInput): Promise<OpenedSource> {
  const { kind, text, flags, registry, sourceOptions } = input;
  const transport: Transport = await registry.get(kind === "yaml" ? "docker" : kind);
  const isFiltered = flags.include !== undefined || flags.exclude !== undefined;
  const options: RegistrySourceOptions = {
    transport,
    sourceOptions,
    filter: isFiltered ? createTagFilter(flags) : undefined,
    listRepositories: (host, asked) => listRepositories(context, host, asked),
  };
  switch (kind) {
    case "docker": {
      // What names a host alone is an image of Docker Hub to skopeo.
      const registryText = parseRegistryText(text, { hosts: context.personality === "dray" });
      return { source: registrySource(registryText, options), registryText };
    }
    case "yaml": {
      const { registries, warnings } = parseSourceList(await readList(text), text);
      for (const warning of warnings) warn(context, warning);
      return { source: listSource(registries, options) };
    }
    case "dir":
      return { source: dirSource(text, options) };
    case "oci-dir":
      return { source: ociDirSource(text, options) };
    case "oci-archive":
      return { source: ociArchiveSource(text, options) };
  }
}

const listLimit = 4 * 1024 * 1024;

async function readList(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > listLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
        `${JSON.stringify(path)} has more than ${listLimit} bytes`,
      );
    }
    return await readFile(path, "utf8");
  } catch (error) {
    throw ioError(error, "read the list of images", { path, side: "source" });
  }
}

export async function syncDestination(
  kind: SyncKinds["dest"],
  text: string,
  {
    registry,
    destinationOptions,
  }: { readonly registry: Registry; readonly destinationOptions: DestinationOptions },
): Promise<SyncDestination> {
  const transport = await registry.get(kind);
  const options = { transport, destinationOptions };
  switch (kind) {
    case "docker":
      return registryDestination(text, options);
    case "dir":
      return dirDestination(text, options);
    case "oci-dir":
      return ociDirDestination(text, options);
    case "oci-archive":
      return ociArchiveDestination(text, options);
  }
}
