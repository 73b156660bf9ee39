import { noLayerCache } from "@drayage/build-context";
import { openStore } from "@drayage/storage";
import { overlayDriver } from "@drayage/storage-driver-overlay";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { loadSys } from "@drayage/sys";
import ociDir from "@drayage/transport-oci-dir";
import { commitContainer, readState } from "../../src/index.ts";

// Commits a container of a store over and over, until somebody kills it: into its store, and into a layout.

const [base = "", graphRoot = "", runRoot = "", driverName = "", name = "", out = ""] = process.argv.slice(2);
loadSys({ base });
const driver = driverName === "vfs" ? vfsDriver() : overlayDriver();
await using store = await openStore({ graphRoot, runRoot, driver });
const { id } = (await store.read()).container(name);
const state = await readState(store, id);
if (state === undefined) throw new Error("it is no working container");
const to = { transport: ociDir, reference: ociDir.parse(out), text: out };
process.on("SIGINT", () => controller.abort());
const controller = new AbortController();
const { signal } = controller;
process.stdout.write("ready\n");
try {
  for (;;) {
    await commitContainer(store, state, undefined, { signal, layerCache: noLayerCache });
    await commitContainer(store, state, to, { signal, layerCache: noLayerCache });
  }
} catch (error) {
  if (!signal.aborted) throw error;
}
