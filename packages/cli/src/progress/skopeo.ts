import type { Digest } from "@drayage/digest";
import { sanitizeText } from "@drayage/errors";
import { isIndexMediaType } from "@drayage/manifest";
import type { ProgressEvent } from "@drayage/transport";
import type { Output } from "../context.ts";
import type { Reporter } from "./reporter.ts";

interface ImageLines {
  readonly lines: string[];
  done: boolean;
}

/**
 * The lines that skopeo prints of a copy. skopeo copies the images of an index one after the other, so the lines of an
 * image are held back until those of the images before it are out.
 */
export function skopeoReporter(
  output: Output,
  { removeSignatures }: { readonly removeSignatures: boolean },
): Reporter {
  const images: ImageLines[] = [];
  const byInstance = new Map<Digest, ImageLines>();
  let counts: { readonly total: number; readonly of: number } | undefined;
  let listBegan = false;
  let printed = 0;

  const print = (lines: readonly string[]): void => {
    if (lines.length > 0) output.write(`${lines.join("\n")}\n`);
  };
  const begin = removeSignatures ? [] : ["Getting image source signatures"];
  const beginList = (): void => {
    if (listBegan) return;
    listBegan = true;
    print(removeSignatures ? [] : ["Getting image list signatures"]);
    if (counts !== undefined) print([`Copying ${counts.total} of ${counts.of} images in list`]);
  };
  const printDone = (): void => {
    for (let next = images[printed]; next?.done === true; next = images[printed]) {
      print(next.lines);
      printed += 1;
    }
  };

  return {
    report(event) {
      if (event.type === "images") {
        counts = event;
      } else if (event.type === "image") {
        if (event.instance === undefined) {
          if (event.state === "start") print(begin);
          return;
        }
        beginList();
        const { index, instance, state } = event;
        const image = images[index] ?? {
          lines: [`Copying image ${instance} (${index + 1}/${counts?.total ?? 0})`, ...begin],
          done: false,
        };
        images[index] = image;
        byInstance.set(instance, image);
        image.done = state === "done";
        printDone();
      } else if (
        event.type === "manifest" &&
        event.instance === undefined &&
        isIndexMediaType(event.mediaType)
      ) {
        beginList();
        print(["Writing manifest list to image destination", "Storing list signatures"]);
      } else {
        const instance = "instance" in event ? event.instance : undefined;
        const image = instance === undefined ? undefined : byInstance.get(instance);
        if (image === undefined) print(linesOf(event));
        else image.lines.push(...linesOf(event));
      }
    },
    end() {
      for (const image of images.slice(printed)) print(image.lines);
      printed = images.length;
    },
  };
}

function linesOf(event: ProgressEvent): readonly string[] {
  switch (event.type) {
    case "blob":
      return event.state === "start" || event.state === "reused" || event.state === "placed"
        ? [`Copying ${event.kind === "config" ? "config" : "blob"} ${event.digest}`]
        : [];
    case "manifest":
      return ["Writing manifest to image destination", "Storing signatures"];
    case "warning":
      return [`Warning: ${sanitizeText(event.message)}`];
    default:
      return [];
  }
}
