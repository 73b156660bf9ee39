import { loadSys } from "@drayage/sys";
import { openContainersStore } from "@drayage/transport-containers-storage";
import { createWorkingContainer, openWorkingContainer } from "../../src/index.ts";

// A program for a process of its own: works on the containers of a store, and tells of each step.
const [base = "", graphRoot = "", runRoot = "", driver = "", what = "", name = ""] = process.argv.slice(2);
loadSys({ base });

await using store = await openContainersStore({ graphRoot, runRoot, driver });
if (what === "change") {
  const container = await openWorkingContainer(store, name);
  for (let number = 0; number < 20; number += 1) {
    await container.config({ env: [`P${process.pid}_${number}=1`] });
  }
} else {
  for (let number = 0; ; number += 1) {
    const container = await createWorkingContainer(store, { from: "scratch" });
    process.stdout.write(`${container.id}\n`);
    await container.config({ user: String(number), addHistory: true });
    await container.mount();
    await container.unmount();
    if (number % 3 === 2) await container.remove();
  }
}
