import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileBlob, readUnverified, temporaryFolder } from "@drayage/blob";
import { copy } from "@drayage/copy";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { formatReference, parseNormalizedNamed } from "@drayage/reference";
import type { ImageRecord, Store } from "@drayage/storage";
import { joinPath, type Location } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { type Locations, openLocations } from "../locations.ts";
import { readTrustPolicy } from "../policy.ts";
import { createReporter } from "../progress/reporter.ts";
import { registriesPlace } from "../registries-place.ts";
import { type FoundImage, findLocalImage, newName } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { storedLocation } from "../store/stored-location.ts";
import type { SaveFlags } from "./save.command.ts";

/** `dray save`, as `podman save`. */
export async function save(this: DrayContext, flags: SaveFlags, ...texts: string[]): Promise<void> {
  const format = flags.format ?? "docker-archive";
  const isFolder = format === "docker-dir" || format === "oci-dir";
  if (flags.multiImageArchive && format !== "docker-archive") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--multi-image-archive is for docker-archive");
  }
  if (flags.compress && format !== "docker-dir") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--compress is for docker-dir");
  }
  if (flags.output === undefined && isFolder) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `--format ${format} writes a folder: name it with --output`);
  }
  if (flags.output === undefined && this.process.stdout.isTTY === true) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "an archive is not written to a terminal", {
      hint: "redirect standard output, or name a file with --output",
    });
  }
  await using store = await openLocalStore(this, flags);
  const { output } = flags;
  if (output !== undefined) {
    await writeImages(this, flags, { store, texts, path: output });
    return;
  }
  // An archive is written with its list of contents last, and read from its start.
  const folder = await mkdtemp(join(await temporaryFolder(flags.tmpdir), "drayage-save-"));
  try {
    const path = join(folder, "archive.tar");
    await writeImages(this, flags, { store, texts, path });
    for await (const chunk of readUnverified(fileBlob(path), { signal: this.signal })) {
      this.process.stdout.write(chunk);
      await this.process.stdout.drained?.();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Saving {
  readonly store: Store;
  readonly texts: readonly string[];
  readonly path: string;
}

async function writeImages(
  context: DrayContext,
  flags: SaveFlags,
  { store, texts, path }: Saving,
): Promise<void> {
  const { env, signal } = context;
  const trust = await readTrustPolicy(context, flags);
  const locations = await openLocations(context, flags.plugin);
  const view = await store.read({ signal });
  const options = { env, ...registriesPlace(flags) };
  const images = flags.multiImageArchive ? texts : texts.slice(0, 1);
  const additionalTags = flags.multiImageArchive ? [] : texts.slice(1).map(newName);
  for (const [index, text] of images.entries()) {
    const found = await findLocalImage(view, text, options);
    const source = await storedLocation(store, sourceText(found));
    const reporter = createReporter(context, { style: flags.quiet ? "none" : "auto", verb: "Copying" });
    try {
      await copy(source, await destinationOf(locations, { format: flags.format, path, found }), {
        signal,
        format: flags.format === "docker-dir" ? "v2s2" : undefined,
        destinationOptions: {
          temporaryDir: flags.tmpdir,
          additionalTags,
          append: index > 0,
          layerCompression: flags.compress ? "compress" : undefined,
          acceptUncompressedLayers: flags.uncompressed,
        },
        admit: trust(source),
        onProgress: (event) => reporter.report(event),
      });
    } catch (error) {
      if (!isDrayageError(error, "ERR_DRAYAGE_DESTINATION_EXISTS")) throw error;
      // What the transport hints at are flags of copy.
      throw new DrayageError(error.code, error.message, { hint: "choose another path", cause: error });
    } finally {
      reporter.end();
    }
  }
}

/** By its ID, as its name may be of something else in a moment. */
function sourceText({ image }: FoundImage): string {
  return `@${image.id}`;
}

async function destinationOf(
  locations: Locations,
  {
    format = "docker-archive",
    path,
    found,
  }: { readonly format: SaveFlags["format"]; readonly path: string; readonly found: FoundImage },
): Promise<Location> {
  const name = nameIn(found);
  switch (format) {
    case "docker-dir":
      return locations.resolve(`dir:${path}`, "destination");
    case "oci-archive":
    case "oci-dir":
    case "docker-archive":
      return locations.resolve(`${format}:${joinPath(path, name)}`, "destination");
  }
}

/** What an image is called in an archive. Digests are none of a name there. */
function nameIn({ image, name }: FoundImage): string | undefined {
  const text = name ?? firstName(image);
  if (text === undefined) return undefined;
  const { digest: _, ...reference } = parseNormalizedNamed(text);
  return reference.tag === undefined ? undefined : formatReference(reference);
}

function firstName({ names }: ImageRecord): string | undefined {
  return names.find((name) => !name.includes("@"));
}
