import { type ImageInspection, type InspectedImage, inspectImage } from "@drayage/copy";
import type { Algorithm } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import {
  acceptablePlatforms,
  formatPlatform,
  isIndexMediaType,
  manifestDigest,
  type PlatformWish,
} from "@drayage/manifest";
import { type ImageSource, type Location, requireAbility } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { imageRecord, indexRecord, templateRecord } from "../output/inspection.ts";
import { goIndentedJson } from "../output/json.ts";
import { chosenPlatform } from "../platform-wish.ts";
import { resolveSource } from "../source-location.ts";
import { imageOptions, warn } from "../source-options.ts";
import type { InspectFlags } from "./inspect.command.ts";

/** `dray inspect` */
export async function inspect(this: DrayContext, flags: InspectFlags, image: string): Promise<void> {
  if (flags.raw && flags.format !== undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--raw and --format exclude each other");
  }
  await using location = await resolveSource(this, flags, { text: image, what: "inspect" });
  const { transport, reference } = location;
  const source = await requireAbility(transport, "openSource").openSource(
    reference,
    imageOptions(this, flags),
  );
  const names = (): Promise<readonly string[]> => otherNames(this, flags, { transport, reference });
  try {
    this.process.stdout.write(await describe(this, flags, { source, names }));
  } finally {
    await source.close();
  }
}

/** The names at the image's place. That a registry does not list them is no reason not to show the image. */
async function otherNames(
  context: DrayContext,
  flags: InspectFlags,
  { transport, reference }: Pick<Location, "transport" | "reference">,
): Promise<readonly string[]> {
  const isRegistry = transport.scheme === "docker";
  // skopeo lists names for registries alone.
  if (flags.noTags || transport.listTags === undefined || (context.personality === "skopeo" && !isRegistry)) {
    return [];
  }
  try {
    return await transport.listTags(reference, imageOptions(context, flags));
  } catch (error) {
    if (!isRegistry || !mayBeUnlisted(error)) throw error;
    warn(context, `the tags are not listed: ${error.message}`);
    return [];
  }
}

/** Registries that serve an image and refuse to list its tags: tokens without the right, mirrors, proxies. */
function mayBeUnlisted(error: unknown): error is DrayageError {
  return [
    "ERR_DRAYAGE_DENIED",
    "ERR_DRAYAGE_UNAUTHORIZED",
    "ERR_DRAYAGE_REGISTRY_UNSUPPORTED",
    "ERR_DRAYAGE_REPOSITORY_NOT_FOUND",
  ].some((code) => isDrayageError<string>(error, code));
}

async function describe(
  context: DrayContext,
  flags: InspectFlags,
  { source, names }: { readonly source: ImageSource; readonly names: () => Promise<readonly string[]> },
): Promise<string | Uint8Array> {
  const platform = chosenPlatform(flags);
  // The manifest as it is needs no look at the config, which may be missing or damaged.
  if (flags.raw && !flags.config && platform === undefined) {
    return (await source.manifest(undefined, { signal: context.signal })).bytes;
  }
  const inspection = await inspectImage(source, { platform, signal: context.signal });
  // An index is not one of its images: where nobody asked for one, none is guessed.
  const asked =
    platform !== undefined || context.personality === "skopeo" || inspection.instances === undefined;
  if (flags.raw && !flags.config)
    return rawManifest(inspection, source, { platform, signal: context.signal });
  if (flags.config) {
    const image = requireImage(inspection, asked, platform);
    const { configText, rawConfig } = await import("./inspect-config.ts");
    if (flags.raw) return rawConfig(image);
    const manifest = await rawManifest(inspection, source, { platform, signal: context.signal });
    return configText(image, manifest, { format: flags.format, personality: context.personality });
  }
  const digest = digestOf(inspection, flags.manifestDigest);
  const record = asked
    ? imageRecord(inspection, requireImage(inspection, asked, platform), {
        digest: flags.platform === undefined ? digest : (inspection.image?.digest ?? digest),
        names: await names(),
      })
    : indexRecord(inspection, digest);
  return flags.format === undefined || flags.format === "json"
    ? goIndentedJson(record)
    : render(flags.format, templateRecord(record));
}

async function rawManifest(
  inspection: ImageInspection,
  source: ImageSource,
  { platform, signal }: { readonly platform: PlatformWish | undefined; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const { digest } = requireImage(inspection, true, platform);
  if (!isIndexMediaType(inspection.manifest.mediaType)) return inspection.manifest.bytes;
  return (await source.manifest(digest, { signal })).bytes;
}

async function render(template: string, data: Readonly<Record<string, unknown>>): Promise<string> {
  const { renderTemplate } = await import("../template/render.ts");
  return renderTemplate(template, data);
}

function requireImage(
  inspection: ImageInspection,
  asked: boolean,
  platform: PlatformWish | undefined,
): InspectedImage {
  if (inspection.image !== undefined && asked) return inspection.image;
  if (inspection.instances !== undefined) {
    const platforms = new Set(inspection.instances.flatMap((instance) => instance.platform ?? []));
    const wanted =
      platform === undefined ? [] : acceptablePlatforms(platform).slice(0, 1).map(formatPlatform);
    const here = wanted[0] ?? "this machine";
    throw new DrayageError(
      "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
      asked ? `the index has no image for ${here}` : "this is an index of several images",
      {
        hint: `choose one with --platform: ${[...platforms].join(", ")}`,
      },
    );
  }
  throw new DrayageError(
    "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
    `this is an artifact of type ${JSON.stringify(inspection.artifactType ?? "")}, not an image`,
    { hint: "look at its manifest with --raw" },
  );
}

function digestOf(inspection: ImageInspection, algorithm: string | undefined): string {
  if (algorithm === undefined) return inspection.digest;
  const known: readonly Algorithm[] = ["sha256", "sha384", "sha512"];
  const chosen = known.find((name) => name === algorithm);
  if (chosen === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `--manifest-digest: unknown algorithm ${JSON.stringify(algorithm)}`,
      {
        hint: `choose one of ${known.join(", ")}`,
      },
    );
  }
  return manifestDigest(inspection.manifest.bytes, chosen);
}
