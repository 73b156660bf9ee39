import {
  type CreateContainerOptions,
  createWorkingContainer,
  type RuntimeOptions,
  type StoreContainer,
} from "@drayage/builder";
import { readRegistriesConfig, resolveShortName } from "@drayage/containers-config";
import { isDrayageError } from "@drayage/errors";
import type { PlatformWish } from "@drayage/manifest";
import { type DockerReference, formatReference, parseNormalizedNamed, tagNameOnly } from "@drayage/reference";
import type { Store } from "@drayage/storage";
import type { Location } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { openKnownBlobs } from "../known-blobs.ts";
import { type Locations, openLocations } from "../locations.ts";
import { isCalledBuildah } from "../personality.ts";
import { chosenPlatform } from "../platform-wish.ts";
import { readTrustPolicy } from "../policy.ts";
import { createReporter } from "../progress/reporter.ts";
import { registriesPlace } from "../registries-place.ts";
import { sourceOptions, warn } from "../source-options.ts";
import { findLocalImage, hasHost } from "../store/find-local-image.ts";
import { notInStoreEither } from "../store/not-in-store.ts";
import type { BuilderFlags, PlatformFlags, RegistryFlags, RetryFlags } from "./flags.ts";
import { registryConnection } from "./registry-connection.ts";
import { imageNotKnown } from "./said.ts";

export type CreateFlags = BuilderFlags &
  RegistryFlags &
  RetryFlags &
  PlatformFlags & { readonly quiet?: boolean };

export interface CreateWishes {
  /** As the user has named it. */
  readonly from: string;
  readonly name?: string | undefined;
  readonly suffix?: string | undefined;
  readonly pull?: CreateContainerOptions["pull"];
  readonly format?: CreateContainerOptions["format"];
  readonly cidFile?: string | undefined;
  readonly runtime?: RuntimeOptions | undefined;
}

/** Makes a working container of an image that is named as buildah's users do: of the store, of a registry, or of another transport. */
export async function createContainer(
  context: DrayContext,
  { store, flags }: { readonly store: Store; readonly flags: CreateFlags },
  wishes: CreateWishes,
): Promise<StoreContainer> {
  const { signal } = context;
  const locations = await openLocations(context, flags.plugin);
  const { from, pullFrom, isStored } = await originOf(context, {
    store,
    flags,
    locations,
    text: wishes.from,
  });
  const trust = await readTrustPolicy(context, {
    ...(flags.signaturePolicy === undefined ? {} : { policy: flags.signaturePolicy }),
    ...(flags.insecurePolicy === undefined ? {} : { insecurePolicy: flags.insecurePolicy }),
  });
  const places = typeof from === "string" ? (pullFrom ?? []) : [from];
  await using known = await openKnownBlobs(context, ["docker"]);
  const reporter = createReporter(context, { style: flags.quiet ? "none" : "auto", verb: "Copying" });
  try {
    return await createWorkingContainer(store, {
      ...wishes,
      from,
      pullFrom,
      platform: wantedPlatform(flags),
      signal,
      copy: {
        sourceOptions: {
          ...sourceOptions(context, { tmpdir: flags.tmpdir }),
          connection: registryConnection(flags),
        },
        destinationOptions: { temporaryDir: flags.tmpdir },
        admit: async (image, options) => {
          const place = places.find(({ reference }) => reference.text === image.source.reference.text);
          if (place !== undefined) await trust(place)(image, options);
        },
        blobInfoCache: known.blobInfoCache,
        onProgress: (event) => reporter.report(event),
      },
      onStep: ({ number, text }) => {
        if (!flags.quiet) context.process.stderr.write(`STEP ${number}: ${text}\n`);
      },
      onWarning: (sentence) => warn(context, sentence),
    });
  } catch (error) {
    const [location] = pullFrom ?? [];
    if (wishes.pull === "never") throw imageNotKnown(wishes.from, error);
    if (location === undefined || isStored || isCalledBuildah(context)) throw error;
    throw notInStoreEither(error, { sought: wishes.from, location });
  } finally {
    reporter.end();
  }
}

function wantedPlatform(flags: PlatformFlags): PlatformWish | undefined {
  return chosenPlatform({
    platform: flags.platform?.[0],
    overrideOs: flags.os,
    overrideArch: flags.arch,
    overrideVariant: flags.variant,
  });
}

interface Origin {
  readonly from: string | Location;
  readonly pullFrom?: readonly Location[] | undefined;
  /** Whether the store has an image of that name, which another may be pulled for. */
  readonly isStored?: boolean | undefined;
}

interface Named {
  readonly store: Store;
  readonly flags: BuilderFlags;
  readonly locations: Locations;
  readonly text: string;
}

async function originOf(context: DrayContext, { store, flags, locations, text }: Named): Promise<Origin> {
  if (text === "scratch") return { from: text };
  const scheme = text.slice(0, Math.max(text.indexOf(":"), 0));
  if (locations.registry.has(scheme)) return { from: await locations.resolve(text) };
  const local = await localImage(context, { store, flags, text });
  if (local?.made) return { from: text };
  const references = await candidates(context, flags, text);
  const pullFrom = await Promise.all(
    references.map((reference) => locations.resolve(`docker://${formatReference(reference)}`)),
  );
  return { from: text, pullFrom, isStored: local !== undefined };
}

/** An image of the store, and whether it was made on this machine: then no registry has it, and none is asked whether there is a newer one. */
async function localImage(
  { env, signal }: DrayContext,
  { store, flags, text }: Omit<Named, "locations">,
): Promise<{ readonly made: boolean } | undefined> {
  try {
    const view = await store.read({ signal });
    const { name, image } = await findLocalImage(view, text, { env, ...registriesPlace(flags) });
    return { made: name === undefined ? image.id.startsWith(text) : name.startsWith("localhost/") };
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** The names in registries that a name may stand for; none where it is no name, but maybe an ID. */
async function candidates(
  { env }: DrayContext,
  flags: BuilderFlags,
  text: string,
): Promise<readonly DockerReference[]> {
  try {
    if (hasHost(text)) return [tagNameOnly(parseNormalizedNamed(text))];
    const config = await readRegistriesConfig({
      env,
      path: flags.registriesConf,
      dropInFolder: flags.registriesConfDir,
    });
    return (await resolveShortName(config, text, { env, aliasFile: flags.shortNameAliasConf })).candidates;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return [];
    throw error;
  }
}
