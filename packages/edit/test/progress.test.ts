import { bytesBlob } from "@drayage/blob";
import { noLayerCache } from "@drayage/build-context";
import { memoryTransport } from "@drayage/testkit";
import type { ProgressEvent } from "@drayage/transport";
import { expect, it } from "vitest";
import { append, editImage } from "../src/index.ts";
import { layerOf } from "./support/images.ts";

it("a layer that is appended is told of while it is packed and sent, and not as one that was there", async () => {
  const transport = memoryTransport();
  const at = (text: string) => ({ transport, reference: transport.parse(text), text });
  const layer = await layerOf({ file: "text" }, "none");
  const events: ProgressEvent[] = [];
  await editImage(
    "scratch",
    at("made"),
    (source, to) => append(source, [{ tar: bytesBlob(layer.bytes) }], { layerCache: noLayerCache, ...to }),
    { onProgress: (event) => void events.push(event) },
  );
  const told = events.flatMap((event) =>
    event.type === "newLayer" || (event.type === "blob" && event.kind === "layer")
      ? [`${event.type} ${event.state}`]
      : [],
  );
  const once = [...new Set(told)];
  expect(once).toEqual(["newLayer start", "newLayer bytes", "newLayer done", "blob placed"]);
});
