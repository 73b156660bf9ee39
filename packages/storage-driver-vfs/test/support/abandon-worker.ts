import { loadSys } from "@drayage/sys";
import { vfsDriver } from "../../src/index.ts";

// A process of its own: begins a layer, says so, and waits to be killed.
const [, , graphRoot = "", runRoot = "", base = ""] = process.argv;
loadSys({ base });
const files = await vfsDriver().open({ graphRoot, runRoot });
await files.stage();
process.stdout.write("staged\n");
setInterval(() => undefined, 1000);
