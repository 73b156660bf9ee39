import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bytesBlob, inflated } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import { openStore } from "@drayage/storage";
import { encodeTarHeader, tarEnd } from "@drayage/tar";
import { expect, it } from "vitest";
import { createMemoryDriver } from "../src/index.ts";

const base = Buffer.concat([encodeTarHeader({ name: "etc/", mode: 0o755 }), tarEnd()]);
const upper = Buffer.concat([encodeTarHeader({ name: "var/", mode: 0o711 }), tarEnd(), new Uint8Array(3000)]);

it("a store in memory has images, gives layers back to the byte, and lets containers change theirs", async () => {
  await using store = await openStore({ driver: createMemoryDriver() });
  expect(store.graphRoot).toBe(undefined);
  const stages = [await store.stageLayer(), await store.stageLayer()];
  const unpacked = await Promise.all(
    [base, upper].map(async (tar, index) => stages[index]?.unpack(inflated(bytesBlob(gzipSync(tar))))),
  );
  expect(unpacked.map((one) => one?.drained.digest)).toEqual([digestBytes(base), digestBytes(upper)]);
  const image = await store.commitImage({ layers: stages, names: ["docker.io/library/example:1"] });
  const view = await store.read();
  expect(view.layers.map(({ diffDigest, diffSize }) => [diffDigest, diffSize])).toEqual([
    [digestBytes(base), base.length],
    [digestBytes(upper), upper.length],
  ]);
  expect(view.layers[0]?.id).toBe(digestHex(digestBytes(base)));
  const top = view.layers[1]?.id ?? "";
  expect(image.layer).toBe(top);
  expect(await collect(store.openDiff(top))).toEqual(new Uint8Array(upper));

  const container = await store.createContainer({ image: image.id });
  const folder = await store.mount({ container: container.id });
  writeFileSync(join(folder, "etc", "hosts"), "localhost");
  await store.unmount({ container: container.id });
  const changes = [];
  for await (const { kind, path, size } of store.changes(container.layer))
    changes.push(`${kind} ${path} ${size}`);
  expect(changes).toEqual(["changed /etc 0", "added /etc/hosts 9"]);
  await store.deleteContainer(container.id);
  await store.deleteImage(image.id);
  expect((await store.read()).layers).toEqual([]);
});

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Uint8Array.from(chunk));
  return new Uint8Array(Buffer.concat(all));
}
