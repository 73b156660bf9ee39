import { writeFile } from "node:fs/promises";
import { type CopyPlan, type CopyResult, copy, describePlan, planCopy, withEnds } from "@drayage/copy";
import { ioError } from "@drayage/errors";
import type { Location } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { copyOptions, copySourceOptions, destinationOptions } from "../copy-options.ts";
import { openKnownBlobs } from "../known-blobs.ts";
import { openLocations, requireText } from "../locations.ts";
import { readTrustPolicy } from "../policy.ts";
import { createReporter } from "../progress/reporter.ts";
import { resolveStrictly } from "../source-location.ts";
import { warn } from "../source-options.ts";
import type { CopyFlags } from "./copy.command.ts";

/** `dray copy` */
export async function copyImages(
  this: DrayContext,
  flags: CopyFlags,
  from: string,
  to: string,
): Promise<void> {
  const choices = {
    ...copyOptions(this, flags),
    sourceOptions: copySourceOptions(this, flags),
    destinationOptions: destinationOptions(this, flags),
  };
  const trust = await readTrustPolicy(this, flags);
  const locations = await openLocations(this, flags.plugin);
  const source = await resolveStrictly(this, flags, { locations, text: from, what: "source" });
  const destination = await locations.resolve(requireText(to, "destination"), "destination");
  await using known = await openKnownBlobs(this, [source.transport.scheme, destination.transport.scheme]);
  const options = {
    ...choices,
    destinationOptions: {
      ...choices.destinationOptions,
      // skopeo knows further names for docker-archive alone, and ignores them elsewhere.
      ...(this.personality === "skopeo" && destination.transport.scheme !== "docker-archive"
        ? { additionalTags: undefined }
        : {}),
    },
    admit: trust(source),
    blobInfoCache: known.blobInfoCache,
  };
  if (flags.dryRun) {
    const plan = await withEnds(source, destination, options, (ends) => planCopy({ ...options, ...ends }));
    this.process.stdout.write(flags.json ? planJson(plan) : `${describePlan(plan).join("\n")}\n`);
    return;
  }
  const reporter = createReporter(this, {
    style: flags.quiet ? "none" : (flags.progress ?? "auto"),
    verb: "Copying",
    removeSignatures: flags.removeSignatures,
  });
  let result: CopyResult;
  try {
    result = await copy(source, destination, { ...options, onProgress: (event) => reporter.report(event) });
  } finally {
    reporter.end();
  }
  // Where skopeo says nothing.
  if (result.otherPlatform !== undefined && this.personality !== "skopeo") {
    const { is, wanted } = result.otherPlatform;
    warn(this, `the platform of ${source.text} is ${is}, not ${wanted}, and there is no other`);
  }
  if (flags.digestfile !== undefined) {
    await writeDigest(flags.digestfile, result.digest);
  }
  if (flags.json) this.process.stdout.write(resultJson(result, { source, destination }));
}

/** The image is there by now: what is reported is that its digest is not. */
async function writeDigest(path: string, digest: string): Promise<void> {
  try {
    await writeFile(path, digest);
  } catch (error) {
    throw ioError(error, "write the digest of the copied image", { path });
  }
}

function planJson({ contents: _, ...plan }: CopyPlan): string {
  return `${JSON.stringify(plan, null, 4)}\n`;
}

function resultJson(
  { manifest: _, ...result }: CopyResult,
  { source, destination }: { readonly source: Location; readonly destination: Location },
): string {
  return `${JSON.stringify({ from: source.text, to: destination.text, ...result }, null, 4)}\n`;
}
