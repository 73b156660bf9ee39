import { readRegistriesConfig, resolveShortName } from "@drayage/containers-config";
import { copy } from "@drayage/copy";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { acceptablePlatforms, formatPlatform, type PlatformWish, parseConfig } from "@drayage/manifest";
import {
  type DockerReference,
  formatReference,
  parseNormalizedNamed,
  tagNameOnly,
  trimNamed,
  withTag,
} from "@drayage/reference";
import type { ImageRecord, Store } from "@drayage/storage";
import { type Location, requireAbility } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { openKnownBlobs } from "../known-blobs.ts";
import { type Locations, openLocations } from "../locations.ts";
import { chosenPlatform } from "../platform-wish.ts";
import { readTrustPolicy } from "../policy.ts";
import { createReporter } from "../progress/reporter.ts";
import { registriesPlace } from "../registries-place.ts";
import { imageOptions, warn } from "../source-options.ts";
import { collectErrors } from "../store/collect-errors.ts";
import { type FindLocalOptions, hasHost, newName } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { storedLocation } from "../store/stored-location.ts";
import type { PullFlags } from "./pull.command.ts";

/** `dray pull`, as `podman pull`. */
export async function pull(this: DrayContext, flags: PullFlags, ...texts: string[]): Promise<void> {
  const platform = wantedPlatform(flags);
  const trust = await readTrustPolicy(this, flags);
  const locations = await openLocations(this, flags.plugin);
  await using store = await openLocalStore(this, flags);
  await using known = await openKnownBlobs(this, ["docker"]);
  const pullOne = async (source: Location, name: string): Promise<void> => {
    const destination = await storedLocation(store, name, { keepBlobs: flags.keepBlobs });
    const reporter = createReporter(this, {
      style: flags.quiet ? "none" : (flags.progress ?? "auto"),
      verb: "Copying",
    });
    try {
      await copy(source, destination, {
        signal: this.signal,
        platforms: platform,
        sourceOptions: imageOptions(this, flags),
        destinationOptions: { temporaryDir: flags.tmpdir },
        admit: trust(source),
        blobInfoCache: known.blobInfoCache,
        onProgress: (event) => reporter.report(event),
      });
    } finally {
      reporter.end();
    }
    const image = await imageOf(store, name);
    if (image !== undefined) await warnOfPlatform(this, { store, image, name, wish: platform });
    this.process.stdout.write(`${image?.id ?? ""}\n`);
  };
  await collectErrors(this, texts, async (text) => {
    const sources = await sourcesOf(this, flags, { text, locations });
    if (flags.allTags) {
      for (const each of await allTags(this, flags, { sources, locations }))
        await pullOne(each.source, each.name);
      return;
    }
    await firstThatIsThere(sources, ({ source, name }) => pullOne(source, name));
  });
}

function wantedPlatform(flags: PullFlags): PlatformWish | "system" {
  const { os = flags.overrideOs, arch = flags.overrideArch, variant = flags.overrideVariant } = flags;
  if (flags.platform !== undefined && (flags.os ?? flags.arch ?? flags.variant) !== undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--platform excludes --os, --arch and --variant");
  }
  const wish = chosenPlatform({
    platform: flags.platform,
    overrideOs: os,
    overrideArch: arch,
    overrideVariant: variant,
  });
  return wish ?? "system";
}

/** Where an image may come from, and the name that it then gets. */
interface PullFrom {
  readonly source: Location;
  readonly name: string;
}

/** Of a name without a registry there may be several, to be tried in this order. */
async function sourcesOf(
  { env }: DrayContext,
  flags: PullFlags,
  { text, locations }: { readonly text: string; readonly locations: Locations },
): Promise<readonly PullFrom[]> {
  const scheme = text.slice(0, Math.max(text.indexOf(":"), 0));
  if (locations.registry.has(scheme)) {
    const source = await locations.resolve(text, "source");
    return [{ source, name: nameOf(source) }];
  }
  const names = hasHost(text)
    ? [tagNameOnly(parseNormalizedNamed(text))]
    : await shortNames(text, { env, ...registriesPlace(flags) });
  return Promise.all(
    names.map(async (reference) => {
      const name = formatReference(reference);
      return { source: await locations.resolve(`docker://${name}`, "source"), name };
    }),
  );
}

function nameOf({ reference, text }: Location): string {
  const { dockerReference } = reference;
  if (dockerReference !== undefined) return formatReference(tagNameOnly(dockerReference));
  const name = text.slice(text.lastIndexOf(":") + 1);
  try {
    return newName(name);
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) throw error;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${text} does not say what the image is to be called`, {
      hint: `use dray copy ${text} containers-storage:NAME:TAG, or dray load`,
      cause: error,
    });
  }
}

async function shortNames(
  text: string,
  { env, registriesConf: path, registriesConfDir: dropInFolder }: FindLocalOptions,
): Promise<readonly DockerReference[]> {
  const config = await readRegistriesConfig({ env, path, dropInFolder });
  try {
    return (await resolveShortName(config, text, { env })).candidates;
  } catch (error) {
    const nothingSays = config.unqualifiedSearchRegistries.length === 0;
    if (!nothingSays || !isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) throw error;
    return [tagNameOnly(parseNormalizedNamed(text))];
  }
}

async function firstThatIsThere(
  sources: readonly PullFrom[],
  act: (source: PullFrom) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  for (const source of sources) {
    try {
      await act(source);
      return;
    } catch (error) {
      if (!isAbsent(error)) throw error;
      errors.push(error);
    }
  }
  throw errors.at(-1);
}

function isAbsent(error: unknown): boolean {
  return (
    isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND") ||
    isDrayageError(error, "ERR_DRAYAGE_REPOSITORY_NOT_FOUND") ||
    isDrayageError(error, "ERR_DRAYAGE_UNAUTHORIZED")
  );
}

async function allTags(
  context: DrayContext,
  flags: PullFlags,
  { sources, locations }: { readonly sources: readonly PullFrom[]; readonly locations: Locations },
): Promise<readonly PullFrom[]> {
  const [first] = sources;
  const reference = first?.source.reference.dockerReference;
  if (first === undefined || reference === undefined || first.source.transport.scheme !== "docker") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--all-tags is for repositories of registries");
  }
  const { transport } = first.source;
  const tags = await requireAbility(transport, "listTags").listTags(
    first.source.reference,
    imageOptions(context, flags),
  );
  return Promise.all(
    tags.map(async (tag) => {
      const name = formatReference(withTag(trimNamed(reference), tag));
      return { source: await locations.resolve(`docker://${name}`, "source"), name };
    }),
  );
}

async function imageOf(store: Store, name: string): Promise<ImageRecord | undefined> {
  const { images } = await store.read();
  return images.find(({ names }) => names.includes(name));
}

interface PulledImage {
  readonly store: Store;
  readonly image: ImageRecord;
  readonly name: string;
  readonly wish: PlatformWish | "system";
}

/** As podman: an image that comes without an index is taken whatever it is for. */
async function warnOfPlatform(
  context: DrayContext,
  { store, image, name, wish }: PulledImage,
): Promise<void> {
  const key = `sha256:${image.id}`;
  if (!image.bigData.has(key)) return;
  const { os, architecture, variant } = parseConfig(await store.bigData("image", image.id, key));
  if (os === undefined || architecture === undefined) return;
  const acceptable = acceptablePlatforms(wish === "system" ? {} : wish);
  const fits = acceptable.some((one) => {
    const sameVariant = one.variant === undefined || variant === undefined || one.variant === variant;
    return one.os === os && one.architecture === architecture && sameVariant;
  });
  const [expected] = acceptable;
  if (fits || expected === undefined) return;
  const is = formatPlatform({ os, architecture, variant });
  warn(context, `the platform of ${name} is ${is}, not ${formatPlatform(expected)}, and there is no other`);
}
