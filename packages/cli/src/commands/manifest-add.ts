import {
  addEntry,
  annotateEntry,
  changeStoredList,
  createArtifact,
  type ListContents,
  subjectOf,
  withArtifact,
} from "@drayage/composite";
import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { type Descriptor, mediaTypes } from "@drayage/manifest";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { type Locations, openLocations } from "../locations.ts";
import { withOwnNames } from "../manifest-list/buildah-flags.ts";
import { describedImages } from "../manifest-list/described-images.ts";
import { entryChanges } from "../manifest-list/entry-flags.ts";
import { findList } from "../manifest-list/find-list.ts";
import { listedImage, withSource } from "../manifest-list/listed-image.ts";
import { requireMediaType } from "../manifest-list/media-type.ts";
import { isCalledBuildah } from "../personality.ts";
import { imageOptions } from "../source-options.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { ManifestAddFlags } from "./manifest-add.command.ts";

/** `dray manifest add`, as `buildah manifest add`. */
export async function manifestAdd(
  this: DrayContext,
  given: ManifestAddFlags,
  ...texts: string[]
): Promise<void> {
  const flags = withOwnNames(given);
  const [name = "", ...what] = texts;
  checkUsage(flags, what);
  // buildah takes what it is given.
  if (!isCalledBuildah(this)) checkMediaTypes(flags);
  const { signal } = this;
  const locations = await openLocations(this, flags.plugin);
  await using store = await openLocalStore(this, flags);
  const { stored } = await findList(this, store, { ...flags, text: name });
  const places = { store, locations };
  const { digest, add } = flags.artifact
    ? await artifact(this, { ...flags, ...places, files: what })
    : await images(this, { ...flags, ...places, texts: what });
  const { id } = await changeStoredList(store, stored.id, { signal, change: add });
  this.process.stdout.write(`${id}: ${digest}\n`);
}

/** What is added, which takes no time, and the digest to tell of. */
interface Addition {
  readonly digest: Digest;
  readonly add: (contents: ListContents) => ListContents;
}

interface Places {
  readonly store: Store;
  readonly locations: Locations;
}

async function images(
  context: DrayContext,
  options: ManifestAddFlags & Places & { readonly texts: readonly string[] },
): Promise<Addition> {
  const described = await describedImages(context, options);
  const [first] = described.entries;
  if (first === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
      `${options.texts.join(" ")} is a list without images`,
    );
  }
  const { digest } = first;
  const changes = entryChanges(options);
  return {
    digest,
    add: (contents) => {
      const { list, ...others } = described(contents);
      return { ...others, list: annotateEntry(list, digest, changes) };
    },
  };
}

async function artifact(
  context: DrayContext,
  options: ManifestAddFlags & Places & { readonly files: readonly string[] },
): Promise<Addition> {
  const made = await createArtifact({
    files: options.files,
    artifactType: options.artifactType,
    config: options.artifactConfig,
    configType: configTypeOf(options),
    layerType: options.artifactLayerType,
    annotations: options.artifactAnnotation && Object.fromEntries(options.artifactAnnotation),
    excludeTitles: options.artifactExcludeTitles,
    subject: await subject(context, options),
    signal: context.signal,
  });
  const { digest } = made.entry;
  const changes = entryChanges(options);
  return {
    digest,
    add: ({ list, artifacts, instances }) => ({
      list: annotateEntry(addEntry(list, made.entry), digest, changes),
      artifacts: withArtifact(artifacts, made),
      instances,
    }),
  };
}

/** As buildah: the type of an empty config also for a file, unless the flag says otherwise; with an empty value, that of images for a file. */
function configTypeOf({
  artifactConfigType: type = mediaTypes.ociEmpty,
}: ManifestAddFlags): string | undefined {
  return type === "" ? undefined : type;
}

async function subject(
  context: DrayContext,
  options: ManifestAddFlags & Places,
): Promise<Descriptor | undefined> {
  const { artifactSubject: text } = options;
  if (text === undefined) return undefined;
  const image = await listedImage(context, text, {
    ...options,
    members: "nested",
    platform: undefined,
  });
  return withSource(image, imageOptions(context, options), (source) =>
    subjectOf(source, { signal: context.signal }),
  );
}

function checkMediaTypes(flags: ManifestAddFlags): void {
  requireMediaType("--artifact-type", flags.artifactType);
  requireMediaType("--artifact-config-type", flags.artifactConfigType);
  requireMediaType("--artifact-layer-type", flags.artifactLayerType);
}

function checkUsage(flags: ManifestAddFlags, what: readonly string[]): void {
  const ofArtifacts = Object.keys(flags).filter((key) => /^artifact./.test(key));
  if (!flags.artifact && ofArtifacts.length > 0) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "what is said of an artifact needs --artifact");
  }
  if (flags.all && flags.nested)
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--all and --nested exclude each other");
  if (flags.artifact && (flags.all || flags.nested)) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--artifact excludes --all and --nested");
  }
  if (flags.artifact || what.length === 1) return;
  throw new DrayageError("ERR_DRAYAGE_USAGE", "name a list, and one image to add to it", {
    hint: "see dray manifest add --help",
  });
}
