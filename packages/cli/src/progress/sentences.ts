import { sanitizeText } from "@drayage/errors";
import type { ProgressEvent } from "@drayage/transport";

/** The line that an event deserves in a log, in skopeo's words where skopeo has them. */
export function sentenceOf(event: ProgressEvent): string | undefined {
  switch (event.type) {
    case "images":
      return event.of > 1 ? `Copying ${event.total} images generated from ${event.of} images in list` : undefined;
    case "image":
      if (event.state === "done" || event.instance === undefined) return undefined;
      return `Copying image ${event.instance}${event.platform === undefined ? "" : ` (${event.platform})`}`;
    case "blob":
      return blobSentence(event);
    case "manifest":
      return "Writing manifest to image destination";
    case "warning":
      return `Warning: ${sanitizeText(event.message)}`;
  }
}

function blobSentence(event: Extract<ProgressEvent, { type: "blob" }>): string | undefined {
  const name = event.kind === "config" ? `config ${event.digest}` : `blob ${event.digest}`;
  switch (event.state) {
    case "start":
      return `Copying ${name}`;
    case "reused":
    case "skipped":
      return `Copying ${name} ${event.state}: ${event.reason ?? "already exists"}`;
    default:
      return undefined;
  }
}
