import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readBlob, temporaryFolder } from "@drayage/blob";
import { copy } from "@drayage/copy";
import { digestHex } from "@drayage/digest";
import { DrayageError, ioError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { configLimit, isIndexMediaType, parseImageManifest } from "@drayage/manifest";
import type { Store } from "@drayage/storage";
import { joinPath, type Location, requireAbility } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { type Locations, openLocations } from "../locations.ts";
import { readTrustPolicy } from "../policy.ts";
import { createReporter } from "../progress/reporter.ts";
import { newName } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { storedLocation } from "../store/stored-location.ts";
import type { LoadFlags } from "./load.command.ts";

/** `dray load`, as `podman load`. */
export async function load(this: DrayContext, flags: LoadFlags): Promise<void> {
  if (flags.input !== undefined) {
    const path = resolve(flags.input);
    await loadFrom(this, flags, { path });
    return;
  }
  const folder = await mkdtemp(join(await temporaryFolder(flags.tmpdir), "drayage-load-"));
  try {
    const path = join(folder, "archive.tar");
    await keepInput(this, path);
    await loadFrom(this, flags, { path, what: "standard input" });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function keepInput(context: DrayContext, path: string): Promise<void> {
  const input = context.stdin();
  if (input.isTTY === true) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "an archive is not read from a terminal", {
      hint: "redirect standard input, or name a file with --input",
    });
  }
  await using file = await open(path, "wx", 0o600);
  for await (const chunk of input) {
    throwIfAborted(context.signal, "read standard input");
    await file.writeFile(chunk as Uint8Array);
  }
}

interface Archive {
  readonly path: string;
  /** As messages call it, where that is not its path. */
  readonly what?: string;
}

async function loadFrom(context: DrayContext, flags: LoadFlags, archive: Archive): Promise<void> {
  const locations = await openLocations(context, flags.plugin);
  const trust = await readTrustPolicy(context, flags);
  const images = await imagesIn(locations, archive, context.signal);
  await using store = await openLocalStore(context, flags);
  for (const { source, name } of images) {
    const target = name ?? `@${await imageIdOf(source, context.signal)}`;
    const destination = await storedLocation(store, target);
    const reporter = createReporter(context, { style: flags.quiet ? "none" : "auto", verb: "Copying" });
    try {
      await copy(source, destination, {
        signal: context.signal,
        sourceOptions: { temporaryDir: flags.tmpdir },
        destinationOptions: { temporaryDir: flags.tmpdir },
        admit: trust(source),
        onProgress: (event) => reporter.report(event),
      });
    } finally {
      reporter.end();
    }
    context.process.stdout.write(`Loaded image: ${name ?? (await idIn(store, target))}\n`);
  }
}

interface ImageInArchive {
  readonly source: Location;
  readonly name: string | undefined;
}

/** The images of an archive or folder, of the first format that it has. */
async function imagesIn(
  locations: Locations,
  { path, what }: Archive,
  signal: AbortSignal,
): Promise<readonly ImageInArchive[]> {
  const formats = (await isFolder(path)) ? ["oci-dir", "dir"] : ["docker-archive", "oci-archive"];
  const errors: unknown[] = [];
  for (const format of formats) {
    try {
      return await imagesAs(format, locations, path, signal);
    } catch (error) {
      if (!isDrayageError(error) || isDrayageError(error, "ERR_DRAYAGE_ABORTED")) throw error;
      errors.push(error);
    }
  }
  const reasons = errors.map((error, index) => {
    const message = error instanceof Error ? error.message : String(error);
    if (what === undefined) return message;
    return [`${formats[index]}:${path}`, JSON.stringify(path), path].reduce(
      (text, place) => text.replaceAll(place, what),
      message,
    );
  });
  throw new DrayageError(
    "ERR_DRAYAGE_LAYOUT_INVALID",
    `${what ?? JSON.stringify(path)} is neither ${formats.join(" nor ")}: ${[...new Set(reasons)].join("; ")}`,
    { cause: new AggregateError(errors) },
  );
}

async function imagesAs(
  format: string,
  locations: Locations,
  path: string,
  signal: AbortSignal,
): Promise<readonly ImageInArchive[]> {
  const at = (name?: string): Promise<Location> =>
    locations.resolve(format === "dir" ? `dir:${path}` : `${format}:${joinPath(path, name)}`, "source");
  const whole = await at();
  const { transport, reference } = whole;
  const names =
    transport.listTags === undefined
      ? []
      : await requireAbility(transport, "listTags").listTags(reference, { signal });
  if (names.length === 0) {
    // Opened to see whether it is one at all.
    await (await requireAbility(transport, "openSource").openSource(reference, { signal })).close();
    return [{ source: whole, name: undefined }];
  }
  return Promise.all(names.map(async (name) => ({ source: await at(name), name: nameOf(name) })));
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw ioError(error, "read", { path });
  }
}

/** The name that an image gets; none where it has none that a store takes. */
function nameOf(text: string): string | undefined {
  try {
    return newName(text);
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return undefined;
    throw error;
  }
}

/** The ID of an image without a name: the hex of its config's digest. */
async function imageIdOf({ transport, reference, text }: Location, signal: AbortSignal): Promise<string> {
  await using source = await requireAbility(transport, "openSource").openSource(reference, { signal });
  const { bytes, mediaType } = await source.manifest(undefined, { signal });
  const config = isIndexMediaType(mediaType) ? undefined : parseImageManifest(bytes, mediaType).config;
  if (config === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${text} does not say what its image is to be called`, {
      hint: `use dray copy ${text} containers-storage:NAME:TAG`,
    });
  }
  await readBlob(await source.blob(config, { signal }), { limit: configLimit, signal });
  return digestHex(config.digest);
}

async function idIn(store: Store, target: string): Promise<string> {
  const { images } = await store.read();
  const id = target.slice(1);
  return `sha256:${images.find((image) => image.id === id)?.id ?? id}`;
}
