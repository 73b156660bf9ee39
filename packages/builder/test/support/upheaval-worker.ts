import { noLayerCache } from "@drayage/build-context";
import { loadSys } from "@drayage/sys";
import { containersStorage, openContainersStore } from "@drayage/transport-containers-storage";
import { commitContainer, createWorkingContainer, readState } from "../../src/index.ts";

// Does one thing to a store over and over, until somebody kills it.

const [base = "", graphRoot = "", runRoot = "", driver = "", what = "", name = ""] = process.argv.slice(2);
loadSys({ base });
await using store = await openContainersStore({ graphRoot, runRoot, driver });
const transport = containersStorage({ store });
process.stdout.write("ready\n");
for (let number = 0; ; number += 1) await once(number);

async function once(number: number): Promise<void> {
  if (what === "prune") {
    await store.prune();
    return;
  }
  if (what === "from") {
    const text = "localhost/base:1";
    const from = { transport, reference: transport.parse(text), text };
    const container = await createWorkingContainer(store, { from });
    await container.commit(undefined, { layerCache: noLayerCache });
    await container.remove();
    return;
  }
  const { id } = (await store.read()).container(name);
  const state = await readState(store, id);
  if (state === undefined) throw new Error("it is no working container");
  // The name moves from image to image: all but the last have none.
  const text = "localhost/moving:1";
  const to = { transport, reference: transport.parse(text), text };
  const options = { layerCache: noLayerCache, env: {} };
  await commitContainer(store, state, number % 2 === 0 ? undefined : to, options);
}
