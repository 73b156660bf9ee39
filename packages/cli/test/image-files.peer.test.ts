import { join } from "node:path";
import { createFaultProxy, type FaultProxy } from "@drayage/testkit";
import { describeWithPeers, pushWithSkopeo, startRegistry, type TestRegistry } from "@drayage-internal/peers";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

describeWithPeers("files of an image in a registry", ["docker-registry", "skopeo"], () => {
  const folder = testFolder();
  const env = { HOME: folder, XDG_CACHE_HOME: join(folder, "cache"), XDG_RUNTIME_DIR: folder };
  let registry: TestRegistry;
  let proxy: FaultProxy;
  let seen = 0;

  beforeAll(async () => {
    registry = await startRegistry();
    const files = ["bottom", "middle", "top"].map((name) => {
      writeTarFile(join(folder, `${name}.tar`), `${name}.txt`, `this is ${name}`);
      return join(folder, `${name}.tar`);
    });
    const image = `oci-dir:${join(folder, "layout")}:app`;
    expect((await dray(["copy", "-q", `tarball:${files.join(":")}`, image], { env })).status).toBe(0);
    await pushWithSkopeo(`oci:${join(folder, "layout")}:app`, `${registry.host}/app:1`);
    proxy = await createFaultProxy({ target: registry.url });
  });
  beforeEach(() => {
    seen = proxy.requests.length;
  });
  afterAll(async () => {
    await proxy?.close();
    await registry?.stop();
  });

  const run = (command: string, path: string) =>
    dray([command, "--tls-verify=false", `docker://${proxy.host}/app:1:${path}`], { env });
  /** How many layers were fetched by the last command; its config is the other blob. */
  const fetchedLayers = (): number => {
    const blobs = proxy.requests.slice(seen).filter(({ path }) => path.includes("/blobs/"));
    return new Set(blobs.map(({ path }) => path)).size - 1;
  };

  it.each([
    ["/top.txt", 1],
    ["/middle.txt", 2],
    ["/bottom.txt", 3],
  ])("dray cat %s fetches %d of three layers", async (path, layers) => {
    const { status, stdout } = await run("cat", path);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `this is ${path.slice(1, -4)}` });
    expect(fetchedLayers()).toBe(layers);
  });

  it("dray ls of a file fetches the layers down to the one that has it, and none twice", async () => {
    expect((await run("ls", "/middle.txt")).stdout).toBe("/middle.txt\n");
    expect(fetchedLayers()).toBe(2);
    const fetched = proxy.requests
      .slice(seen)
      .filter(({ method, path }) => method === "GET" && path.includes("/blobs/"));
    expect(fetched).toHaveLength(3);
  });

  it("dray ls of the root lists what all layers have", async () => {
    expect((await run("ls", "/")).stdout).toBe("bottom.txt\nmiddle.txt\ntop.txt\n");
    expect(fetchedLayers()).toBe(3);
  });
});
