import { bytesBlob } from "@drayage/blob";
import { openStore } from "@drayage/storage";
import { overlayDriver } from "@drayage/storage-driver-overlay";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { loadSys } from "@drayage/sys";
import { putImage, sampleImage } from "./store-samples.ts";

// A process that writes to a store until its time is over, for tests of several at once and of kills:
// node store-writer.mjs <where koffi is looked for> <driver> <graph root> <run root> <seed> <milliseconds> [churn|hold]
// It says the id of each image that is stored and stays; with `churn` it deletes each again. With `hold` it stores one layer, says its id, and
// holds it until it is killed.
const [base = "", driver, graphRoot, runRoot, seed = "", time, mode] = process.argv.slice(2);
loadSys({ base });
await using store = await openStore({
  graphRoot,
  runRoot,
  driver: driver === "overlay" ? overlayDriver() : vfsDriver(),
});
if (mode === "hold") {
  const { layers } = await sampleImage(seed, { layers: 1 });
  await using stage = await store.stageLayer();
  if (layers[0] !== undefined) await stage.unpack(bytesBlob(layers[0].tar, { digest: layers[0].diffId }));
  const [layer] = await store.commitLayers([stage]);
  await using _hold = await store.hold([layer?.id ?? ""], { why: "a test" });
  process.stdout.write(`! ${layer?.id}\n`);
  await new Promise((resolve) => setTimeout(resolve, Number(time)));
}
const end = performance.now() + Number(time);
for (let count = 0; performance.now() < end; count++) {
  const image = await sampleImage(`${seed} ${count}`, { base: "shared by all", layers: 3 });
  const name = `docker.io/library/${seed}:${count}`;
  await putImage(store, image, [name]);
  if (mode === "churn") {
    await store.deleteImage(image.id);
    process.stdout.write(`- ${image.id}\n`);
  } else {
    process.stdout.write(`+ ${image.id} ${name}\n`);
  }
}
