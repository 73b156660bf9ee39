import type { DeflateAlgorithm } from "@drayage/compression";
import type { CopyOptions, PlatformSelection } from "@drayage/copy";
import { DrayageError } from "@drayage/errors";
import { parsePlatform } from "@drayage/manifest";
import type { DestinationOptions, SourceOptions } from "@drayage/transport";
import type { CopyFlags } from "./commands/copy.command.ts";
import { endConnectionOptions } from "./connection-options.ts";
import type { DrayContext } from "./context.ts";
import { refuseFlags } from "./flags/refused-flags.ts";
import { platformWish } from "./platform-wish.ts";
import { sourceOptions } from "./source-options.ts";

/** What the flags of `dray copy` say about the copy itself. Throws `ERR_DRAYAGE_USAGE` where they contradict each other. */
export function copyOptions(context: DrayContext, flags: CopyFlags): CopyOptions {
  refuseFlags(flags);
  const { format, level, force } = {
    format: compressionFormat(flags.destCompressFormat),
    level: flags.destCompressLevel,
    force: flags.destForceCompressFormat,
  };
  return {
    signal: context.signal,
    platforms: platformSelection(flags),
    sparse: flags.sparse ?? (flags.platform === undefined || flags.preserveDigests ? undefined : "strip"),
    format: flags.format,
    compression: { format, level, force },
    preserveDigests: flags.preserveDigests,
    removeSignatures: flags.removeSignatures,
    ifPresent: flags.skipPresent ? "skip" : undefined,
    compat: flags.compat ?? (context.personality === "skopeo" ? "go" : undefined),
    parallelBlobs: flags.imageParallelCopies === 0 ? undefined : flags.imageParallelCopies,
  };
}

/** What the flags say about opening the source. */
export function copySourceOptions(context: DrayContext, flags: CopyFlags): SourceOptions {
  return {
    ...sourceOptions(context, {
      tmpdir: flags.tmpdir,
      sharedBlobDir: flags.srcSharedBlobDir,
      option: flags.srcOption,
    }),
    connection: endConnectionOptions(flags, "src"),
  };
}

/** What the flags say about opening the destination. */
export function destinationOptions(context: DrayContext, flags: CopyFlags): DestinationOptions {
  if (flags.destCompress && flags.destDecompress) throw contradiction("--dest-compress", "--dest-decompress");
  return {
    ...sourceOptions(context, {
      tmpdir: flags.tmpdir,
      sharedBlobDir: flags.destSharedBlobDir,
      option: flags.destOption,
    }),
    connection: endConnectionOptions(flags, "dest"),
    additionalTags: flags.additionalTag,
    append: flags.destAppend,
    linkBlobs: flags.destLink,
    acceptUncompressedLayers: flags.destOciAcceptUncompressedLayers,
    layerCompression: flags.destCompress ? "compress" : flags.destDecompress ? "decompress" : undefined,
  };
}

function platformSelection(flags: CopyFlags): PlatformSelection {
  const ways = [
    flags.all && "--all",
    flags.multiArch && "--multi-arch",
    flags.platform && "--platform",
  ].filter(Boolean);
  if (ways.length > 1) throw contradiction(String(ways[0]), String(ways[1]));
  const [platform, ...others] = flags.platform ?? [];
  // One platform asks for an image, several for an index of them.
  if (platform !== undefined && others.length === 0) return parsePlatform(platform);
  if (flags.platform !== undefined) return flags.platform.map(parsePlatform);
  if (flags.all || flags.multiArch === "all") return "all";
  if (flags.multiArch === "index-only") return [];
  return platformWish(flags) ?? "system";
}

function compressionFormat(name: string | undefined): DeflateAlgorithm | undefined {
  if (name === undefined || name === "gzip" || name === "zstd") return name;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `--dest-compress-format: ${JSON.stringify(name)} is not supported`,
    {
      hint: "choose gzip or zstd",
    },
  );
}

function contradiction(first: string, second: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `${first} and ${second} exclude each other`);
}
