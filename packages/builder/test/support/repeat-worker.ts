import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { noLayerCache } from "@drayage/build-context";
import { loadSys } from "@drayage/sys";
import { openContainersStore } from "@drayage/transport-containers-storage";
import ociDir from "@drayage/transport-oci-dir";
import {
  type CommitOptions,
  createPipeline,
  createWorkingContainer,
  type WorkingContainer,
} from "../../src/index.ts";

// Makes an image of a folder, as whoever calls it has set the machine up, and tells of its digest.

const [base = "", what = "", folder = "", context = "", format = "", seconds = ""] = process.argv.slice(2);
loadSys({ base });
process.umask(Number.parseInt(process.env.UMASK ?? "22", 8));
mkdirSync(folder, { recursive: true });
const text = `${join(folder, "layout")}:x`;
const to = { transport: ociDir, reference: ociDir.parse(text), text };
const options: CommitOptions = {
  layerCache: noLayerCache,
  format: format === "docker" ? "docker" : "oci",
  ...(seconds !== "" && { timestamp: new Date(Number(seconds) * 1000) }),
};

async function build(container: WorkingContainer): Promise<void> {
  // What is told of a step has its own time, which a timestamp leaves alone, as in buildah.
  const addHistory = seconds === "";
  await container.copy(["."], "/srv/app", { contextDir: context, addHistory });
  await container.copy(["a"], "/new/place/", { contextDir: context, chown: "12:34" });
  await container.config({ env: ["A=b"], labels: ["z=1", "a=2"], workingDir: "/srv", addHistory });
  const { manifestDigest, diffIds } = await container.commit(to, options);
  process.stdout.write(`${JSON.stringify([manifestDigest, diffIds])}\n`);
}

if (what === "pipeline") {
  await using pipeline = await createPipeline({
    from: "scratch",
    platform: { os: "linux", architecture: "arm64" },
  });
  await build(pipeline);
} else {
  const roots = { graphRoot: join(folder, "graph"), runRoot: join(folder, "run") };
  await using store = await openContainersStore({ ...roots, driver: what });
  await using container = await createWorkingContainer(store, { from: "scratch" });
  await build(container);
}
