import { formatBytes, type ProblemPlace, type ValidationReport, validateImage } from "@drayage/copy";
import { sanitizeText } from "@drayage/errors";
import { requireAbility } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { chosenPlatform } from "../platform-wish.ts";
import { createReporter } from "../progress/reporter.ts";
import { resolveSource } from "../source-location.ts";
import { imageOptions } from "../source-options.ts";
import type { ValidateFlags } from "./validate.command.ts";

/** `dray validate` */
export async function validate(this: DrayContext, flags: ValidateFlags, image: string): Promise<void> {
  await using location = await resolveSource(this, flags, { text: image, what: "validate" });
  const { transport, reference } = location;
  const source = await requireAbility(transport, "openSource").openSource(
    reference,
    imageOptions(this, flags),
  );
  const reporter = createReporter(this, {
    style: flags.quiet ? "none" : (flags.progress ?? "auto"),
    verb: "Checking",
  });
  let report: ValidationReport;
  try {
    report = await validateImage(source, {
      signal: this.signal,
      platforms: chosenPlatform(flags) ?? "all",
      onProgress: (event) => reporter.report(event),
    });
  } finally {
    reporter.end();
    await source.close();
  }
  this.process.stdout.write(
    flags.json ? `${JSON.stringify(report, null, 4)}\n` : `${reportLines(report).join("\n")}\n`,
  );
  if (!report.valid) this.process.exitCode = exitCodes.failure;
}

function reportLines({ valid, digest, problems, checked }: ValidationReport): readonly string[] {
  const counts = [
    [checked.indexes, "index", "indexes"],
    [checked.manifests, "manifest", "manifests"],
    [checked.configs, "config", "configs"],
    [checked.layers, "layer", "layers"],
  ] as const;
  const summary = counts
    .filter(([count]) => count > 0)
    .map(([count, one, many]) => `${count} ${count === 1 ? one : many}`);
  const found = problems.map(
    ({ severity, message, place }) => `${severity}: ${placeText(place)}: ${sanitizeText(message)}`,
  );
  const verdict = valid ? "valid" : "NOT valid";
  return [
    ...found,
    `${digest ?? "the image"} is ${verdict}: checked ${summary.join(", ") || "nothing"}, ${formatBytes(checked.bytes)}`,
  ];
}

function placeText({ what, document, platform, digest, layer }: ProblemPlace): string {
  const name = what === "layer" && layer !== undefined ? `layer ${layer + 1}` : what;
  const blob = digest ?? document;
  return [name, blob, platform === undefined ? undefined : `for ${platform}`]
    .filter((part) => part !== undefined)
    .join(" ");
}
