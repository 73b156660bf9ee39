import { layerCache, noLayerCache } from "@drayage/build-context";
import { commitContainer, createPipeline, readState } from "@drayage/builder";
import { openStore } from "@drayage/storage";
import { overlayDriver } from "@drayage/storage-driver-overlay";
import { loadSys } from "@drayage/sys";
import ociDir from "@drayage/transport-oci-dir";

// Commits a container of a store, uncompressed: commit.mjs BASE container GRAPHROOT RUNROOT NAME LAYOUT; or packs a folder into a
// layer, with gzip: commit.mjs BASE tree FOLDER LAYOUT; or the same with what is remembered of layers in CACHE: commit.mjs BASE again
// FOLDER CACHE LAYOUT. BASE is where the system calls are found.

const [base = "", mode = "", ...names] = process.argv.slice(2);
loadSys({ base });
const layout = names.at(-1) ?? "";
const to = { transport: ociDir, reference: ociDir.parse(layout), text: layout };

if (mode === "container") {
  const [graphRoot = "", runRoot = "", name = ""] = names;
  await using store = await openStore({ graphRoot, runRoot, driver: overlayDriver() });
  const state = await readState(store, (await store.read()).container(name).id);
  if (state === undefined) throw new Error(`${name} is no working container`);
  await commitContainer(store, state, to, { layerCache: noLayerCache, compression: { format: "none" } });
} else {
  await using pipeline = await createPipeline({ from: "scratch" });
  await pipeline.copy(["."], "/app", { contextDir: names[0] });
  const cache = mode === "again" ? layerCache({ folder: names[1] }) : noLayerCache;
  await pipeline.commit(to, { layerCache: cache, compression: { format: "gzip" } });
}
