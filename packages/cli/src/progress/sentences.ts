import { formatBytes } from "@drayage/copy";
import { sanitizeText } from "@drayage/errors";
import type { NewLayerProgress, ProgressEvent } from "@drayage/transport";
import type { Verb } from "./reporter.ts";

/** The line that an event deserves in a log, in skopeo's words where skopeo has them. */
export function sentenceOf(event: ProgressEvent, verb: Verb): string | undefined {
  switch (event.type) {
    case "images":
      return event.of > 1
        ? `${verb} ${event.total} images generated from ${event.of} images in list`
        : undefined;
    case "image":
      if (event.state === "done" || event.instance === undefined) return undefined;
      return `${verb} image ${event.instance}${detailsOf(event)}`;
    case "blob":
      return blobSentence(event, verb);
    case "newLayer":
      return newLayerSentence(event);
    case "manifest":
      return "Writing manifest to image destination";
    case "warning":
      return `Warning: ${sanitizeText(event.message)}`;
  }
}

function detailsOf({
  platform,
  variant,
}: {
  readonly platform?: string | undefined;
  readonly variant?: string | undefined;
}): string {
  const again = variant === undefined ? "" : `, once more, compressed with ${variant}`;
  return `${platform === undefined ? "" : ` (${platform})`}${again}`;
}

function newLayerSentence(event: NewLayerProgress): string | undefined {
  const { state, layerIndex, stored } = event;
  if (state === "start") return `Packing layer ${layerIndex + 1}`;
  if (state === "bytes" || stored === undefined) return undefined;
  return `Packed layer ${layerIndex + 1}: blob ${stored.digest}, ${formatBytes(stored.size)}`;
}

function blobSentence(event: Extract<ProgressEvent, { type: "blob" }>, verb: Verb): string | undefined {
  const name = event.kind === "config" ? `config ${event.digest}` : `blob ${event.digest}`;
  switch (event.state) {
    case "start":
      return `${verb} ${name}`;
    case "reused":
    case "skipped":
      return `${verb} ${name} ${event.state}: ${event.reason ?? "already exists"}`;
    default:
      return undefined;
  }
}
