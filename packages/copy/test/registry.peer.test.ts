import { join } from "node:path";
import { memoryBlobInfoCache } from "@drayage/blob-info-cache";
import {
  countBlobBytes,
  createFaultProxy,
  type FaultProxy,
  randomImage,
  randomIndex,
  writeImage,
} from "@drayage/testkit";
import { createRegistry, type Transport } from "@drayage/transport";
import { docker } from "@drayage/transport-docker";
import { dockerArchive } from "@drayage/transport-docker-archive";
import { ociDir } from "@drayage/transport-oci-dir";
import {
  describeWithPeers,
  startRegistry,
  type TestRegistry,
  temporaryDirectory,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CopyLocationsOptions, type CopyResult, copy, planCopy, withEnds } from "../src/index.ts";

describeWithPeers("copies to and from docker-registry", ["docker-registry"], () => {
  const transports = createRegistry([docker({ env: {} }), dockerArchive(), ociDir()]);
  const insecure = { connection: { tlsVerify: false } };
  let registry: TestRegistry;
  let proxy: FaultProxy;
  let folder: string;

  beforeAll(async () => {
    folder = temporaryDirectory();
    registry = await startRegistry();
    proxy = await createFaultProxy({ target: registry.url });
  });
  afterAll(async () => {
    await proxy.close();
    await registry.stop();
  });

  async function run(from: string, to: string, options: CopyLocationsOptions = {}): Promise<CopyResult> {
    proxy.forget();
    const ends = [await transports.resolve(from), await transports.resolve(to)] as const;
    return copy(...ends, { sourceOptions: insecure, destinationOptions: insecure, ...options });
  }

  /** How often each method was used on what. */
  function requests(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { method, target } of proxy.requests) {
      const [, what] = /\/(blobs\/uploads|blobs|manifests)\//.exec(target) ?? [];
      // Asking whether there is a registry at all is not counted: the answer is kept for a while.
      if (what === undefined) continue;
      const mounts = target.includes("mount=") ? " mount" : "";
      const key = `${method} ${what}${mounts}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  }

  async function put(text: string, image: Parameters<typeof writeImage>[1]): Promise<void> {
    const { transport, reference } = await transports.resolve(text);
    await using destination = await (transport as Required<Transport>).openDestination(reference);
    await writeImage(destination, image);
  }

  it("the first copy between two repositories moves no blob: all are mounted, also of an index", async () => {
    const [one, two] = [`docker://${proxy.host}/mount/one`, `docker://${proxy.host}/mount/two`];
    const index = await randomIndex({ seed: "mount" });
    await put(`oci-dir:${join(folder, "index")}`, index);
    await run(`oci-dir:${join(folder, "index")}`, `${one}:v1`, { platforms: "all" });
    const { blobs, digest } = await run(`${one}:v1`, `${two}:v1`, { platforms: "all" });
    expect(digest).toBe(index.manifest.digest);
    expect(blobs.moved.count).toBe(0);
    const counts = requests();
    expect(counts["POST blobs/uploads mount"]).toBe(6);
    expect(countBlobBytes(proxy.requests)).toEqual({ pushed: 0, pulled: 0 });
  });

  it("the second push of an archive compresses and sends no layer, also to another repository", async () => {
    const image = await randomImage({ seed: "twins", layers: 3, format: "docker", compression: "none" });
    const archive = `docker-archive:${join(folder, "app.tar")}`;
    await put(`${archive}:app:latest`, image);
    const options = { blobInfoCache: memoryBlobInfoCache() };
    const first = await run(archive, `docker://${proxy.host}/twins/one:v1`, options);
    expect(first.blobs.moved.count).toBe(4);
    for (const to of ["twins/one:v2", "twins/two:v1"]) {
      const again = await run(archive, `docker://${proxy.host}/${to}`, options);
      expect(again.digest).toBe(first.digest);
      expect(again.blobs.moved.count).toBe(0);
      expect(countBlobBytes(proxy.requests).pushed).toBe(0);
    }
  });

  it("a plan writes nothing to the registry, and reads no blob of it", async () => {
    const from = `docker://${proxy.host}/plan/one:v1`;
    const image = await randomImage({ seed: "plan", layers: 3 });
    await put(`oci-dir:${join(folder, "plan")}`, image);
    await run(`oci-dir:${join(folder, "plan")}`, from);
    for (const to of [`docker://${proxy.host}/plan/two:v1`, `oci-dir:${join(folder, "new")}`]) {
      proxy.forget();
      const ends = [await transports.resolve(from), await transports.resolve(to)] as const;
      const blobInfoCache = memoryBlobInfoCache();
      const options = { blobInfoCache, sourceOptions: insecure, destinationOptions: insecure };
      await withEnds(...ends, options, (open) => planCopy({ ...open, blobInfoCache }));
      expect(new Set(proxy.requests.map(({ method }) => method))).toEqual(
        new Set(to.startsWith("docker") ? ["GET", "HEAD"] : ["GET"]),
      );
      expect(requests()["GET blobs"]).toBeUndefined();
    }
  });

  it("an image that is there costs its digest alone, and the source's manifest", async () => {
    const [one, two] = [`docker://${proxy.host}/there/one:v1`, `docker://${proxy.host}/there/two:v1`];
    await put(`oci-dir:${join(folder, "there")}`, await randomImage({ seed: "there" }));
    await run(`oci-dir:${join(folder, "there")}`, one);
    await run(one, two);
    expect((await run(one, two, { ifPresent: "skip" })).present).toBe(true);
    expect(requests()).toEqual({ "HEAD manifests": 1, "GET manifests": 1 });
  });

  it("a pull reads each manifest, config and layer once", async () => {
    const from = `docker://${proxy.host}/pull/one:v1`;
    const image = await randomImage({ seed: "pull", layers: 3 });
    await put(`oci-dir:${join(folder, "pull")}`, image);
    await run(`oci-dir:${join(folder, "pull")}`, from);
    for (const to of [
      `oci-dir:${join(folder, "pulled")}:app`,
      `docker-archive:${join(folder, "pulled.tar")}:app:v1`,
    ]) {
      await run(from, to);
      expect(requests()).toEqual({ "GET manifests": 1, "GET blobs": 4 });
    }
  });
});
