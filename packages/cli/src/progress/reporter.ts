import type { ProgressEvent } from "@drayage/transport";
import type { DrayContext, Output } from "../context.ts";
import { barsReporter } from "./bars.ts";
import { jsonReporter } from "./json.ts";
import { linesReporter } from "./lines.ts";
import { skopeoReporter } from "./skopeo.ts";
import type { ProgressStyle } from "./styles.ts";

/** What is being done to the blobs, as it begins a line. */
export type Verb = "Copying" | "Checking" | "Unpacking";

/** Shows what happens while it happens. */
export interface Reporter {
  report(event: ProgressEvent): void;
  /** Takes down what is only shown meanwhile. */
  end(): void;
}

/**
 * The reporter for a style. Progress goes to standard error, so that standard output stays free for
 * results; called as skopeo it goes where skopeo's goes, to standard output, in skopeo's lines.
 */
export function createReporter(
  context: DrayContext,
  {
    style,
    verb,
    removeSignatures = false,
  }: { readonly style: ProgressStyle; readonly verb: Verb; readonly removeSignatures?: boolean | undefined },
): Reporter {
  const output = context.personality === "skopeo" ? context.process.stdout : context.process.stderr;
  switch (style === "auto" ? automatic(output, context.env) : style) {
    case "bars":
      return barsReporter(output, { env: context.env, verb });
    case "json":
      return jsonReporter(output);
    case "lines":
      return context.personality !== "dray" && verb === "Copying"
        ? skopeoReporter(output, { removeSignatures })
        : linesReporter(output, verb);
    default:
      return { report() {}, end() {} };
  }
}

function automatic(output: Output, env: DrayContext["env"]): ProgressStyle {
  return output.isTTY === true && env.TERM !== "dumb" ? "bars" : "lines";
}
