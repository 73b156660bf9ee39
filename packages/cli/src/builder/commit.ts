import { stat, writeFile } from "node:fs/promises";
import { readFileLimited } from "@drayage/blob";
import type { CommitOptions, Committed, StoreContainer } from "@drayage/builder";
import { ioError } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import type { Location } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { logLine } from "../error-text.ts";
import { openKnownBlobs } from "../known-blobs.ts";
import { openLocations } from "../locations.ts";
import { createReporter } from "../progress/reporter.ts";
import { sourceOptions } from "../source-options.ts";
import { newName } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { storedLocation } from "../store/stored-location.ts";
import type { CommitFlags } from "./commit.command.ts";
import { formatOf } from "./image-format.ts";
import { meantInstead, withHint } from "./meant-instead.ts";
import { openContainer } from "./open-container.ts";
import { registryConnection } from "./registry-connection.ts";
import { refuseLateFlags, said, saidWhile } from "./said.ts";

/** `buildah commit` */
export async function commit(this: DrayContext, flags: CommitFlags, ...words: string[]): Promise<void> {
  const [name, image = ""] = words;
  if (name === undefined) throw said("container ID must be specified");
  refuseLateFlags(words);
  if (words.length > 2) throw said("too many arguments specified");
  await using store = await openLocalStore(this, flags);
  const container = await openContainer(this, store, { name });
  const to = await destinationOf(this, { flags, store, image });
  await using known = await openKnownBlobs(this, [to?.transport.scheme ?? ""]);
  const { blobInfoCache } = known;
  const options = { ...(await commitOptions(this, flags, to)), blobInfoCache };
  const committed = await commitTo(this, { container, flags, image, to, options });
  const { id } = committed;
  const isStored = to === undefined || to.transport.scheme === "containers-storage";
  if (isStored && flags.manifest !== undefined) {
    const { addToList } = await import("./add-to-list.ts");
    await addToList(this, { store, flags, list: flags.manifest, id });
  }
  if (flags.cidfile) await write(flags.cidfile, container.id);
  if (isStored && flags.iidfile) await write(flags.iidfile, `sha256:${id}`);
  else if (isStored) this.process.stdout.write(`${id}\n`);
  if (flags.metadataFile) await write(flags.metadataFile, metadataOf(committed));
  if (flags.rm) await container.remove({ signal: this.signal });
}

async function destinationOf(
  context: DrayContext,
  { flags, store, image }: { readonly flags: CommitFlags; readonly store: Store; readonly image: string },
): Promise<Location | undefined> {
  if (image === "") return undefined;
  const locations = await openLocations(context, flags.plugin);
  const scheme = image.slice(0, Math.max(image.indexOf(":"), 0));
  if (scheme === "containers-storage" && !image.startsWith("containers-storage:[")) {
    return storedLocation(store, image.slice("containers-storage:".length));
  }
  if (locations.registry.has(scheme)) return locations.resolve(image, "destination");
  const meant = await meantInstead(locations, image);
  try {
    const location = await storedLocation(store, newName(image));
    if (meant !== undefined && context.calledAs === "dray" && /:./.test(image)) {
      const message = `the image gets the name ${location.reference.text}; did you mean ${meant}?`;
      context.process.stderr.write(`${logLine("warning", message, "dray")}\n`);
    }
    return location;
  } catch (error) {
    const said = saidWhile(`cannot parse input: ${JSON.stringify(image)}`, error);
    throw meant === undefined ? said : withHint(said, `did you mean ${meant}?`);
  }
}

interface Commit {
  readonly container: StoreContainer;
  readonly flags: CommitFlags;
  readonly image: string;
  readonly to: Location | undefined;
  readonly options: CommitOptions;
}

async function commitTo(
  context: DrayContext,
  { container, flags, image, to, options }: Commit,
): Promise<Committed> {
  const reporter = createReporter(context, { style: flags.quiet ? "none" : "auto", verb: "Copying" });
  try {
    return await container.commit(to, { ...options, onProgress: (event) => reporter.report(event) });
  } catch (error) {
    throw saidWhile(
      `committing container ${JSON.stringify(container.name)} to ${JSON.stringify(image)}`,
      error,
    );
  } finally {
    reporter.end();
  }
}

async function commitOptions(
  context: DrayContext,
  flags: CommitFlags,
  to: Location | undefined,
): Promise<CommitOptions> {
  const timestamp = await timestampOf(flags);
  // buildah 1.28 says where an image is from whatever its time; later ones leave it out, so that the image is the same everywhere.
  const asAlways = context.calledAs === "buildah" && timestamp !== undefined ? true : undefined;
  return {
    signal: context.signal,
    format: formatOf(context, flags.format) ?? "oci",
    squash: flags.squash,
    emptyLayer: flags.emptyLayer,
    omitHistory: flags.omitHistory,
    compression: compressionOf(flags, to),
    timestamp,
    sourceDateEpoch: flags.sourceDateEpoch === undefined ? undefined : new Date(flags.sourceDateEpoch * 1000),
    env: context.env,
    rewriteTimestamp: flags.rewriteTimestamp,
    identityLabel: flags.identityLabel ?? asAlways,
    containerIdentity: asAlways,
    emptyBase: context.calledAs === "buildah",
    annotations: flags.annotation,
    createdAnnotation: flags.createdAnnotation,
    unsetAnnotations: flags.unsetannotation,
    unsetEnv: flags.unsetenv,
    changes: flags.change,
    configOverride: flags.config === undefined ? undefined : await readFileLimited(flags.config, configLimit),
    blobDirectory: flags.blobCache,
    addFiles: filesToAdd(flags.addFile),
    destinationOptions: {
      ...sourceOptions(context, { tmpdir: flags.tmpdir }),
      connection: registryConnection(flags),
    },
  };
}

/** `SOURCE[:PATH]`: without a path in the image it is the source's. */
function filesToAdd(specs: readonly string[] = []): CommitOptions["addFiles"] {
  return Object.fromEntries(
    specs.map((spec) => {
      const [, source = spec, path = spec] = /^([^:]*):([\s\S]*)$/.exec(spec) ?? [];
      return [path, source];
    }),
  );
}

const configLimit = 4 * 1024 * 1024;

/** As buildah: uncompressed unless a flag says otherwise, but for registries, which get compressed layers. */
function compressionOf(
  { disableCompression, compressionFormat, compressionLevel: level }: CommitFlags,
  to: Location | undefined,
): CommitOptions["compression"] {
  const isAsked = compressionFormat !== undefined || level !== undefined;
  if (disableCompression === true && isAsked) {
    throw said("--disable-compression leaves nothing for --compression-format and --compression-level to do");
  }
  if (disableCompression === false || isAsked) return { format: compressionFormat ?? "gzip", level };
  return to?.transport.scheme === "docker" ? undefined : { format: "none" };
}

/** Of one of three flags. */
async function timestampOf(flags: CommitFlags): Promise<Date | undefined> {
  const { timestamp, referenceTime, omitTimestamp } = flags;
  const given = [timestamp, referenceTime, omitTimestamp === true ? true : undefined];
  if (given.filter((value) => value !== undefined).length > 1) {
    throw said("can not use more then one timestamp option at at time");
  }
  if (timestamp !== undefined) return new Date(timestamp * 1000);
  if (omitTimestamp) return new Date(0);
  if (referenceTime === undefined) return undefined;
  try {
    return (await stat(referenceTime)).mtime;
  } catch (error) {
    throw ioError(error, "read the time of the file", { path: referenceTime });
  }
}

/** What buildah 1.44 writes there, and BuildKit. */
function metadataOf({ configDigest, manifestDigest: digest, manifestSize, mediaType }: Committed): string {
  return JSON.stringify({
    "containerimage.config.digest": configDigest,
    "containerimage.descriptor": { mediaType, digest, size: manifestSize },
    "containerimage.digest": digest,
  });
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw ioError(error, "write", { path });
  }
}
