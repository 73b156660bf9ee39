import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { countBlobBytes, createFaultProxy } from "@drayage/testkit";
import { describeWithPeers, startRegistry } from "@drayage-internal/peers";
import { afterAll, expect, it } from "vitest";
import { baseImage, builderStore } from "../src/builder-store.ts";
import { unmountBelow } from "../src/shared-store.ts";

interface Manifest {
  readonly config: { readonly digest: string; readonly size: number };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

describeWithPeers(
  "commits to a registry",
  ["buildah", "docker-registry", "skopeo", "containers-storage", "root"],
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
    afterAll(() => {
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    });

    it("send the layer that is new, the config and the manifest, and nothing that is there", async () => {
      const store = await builderStore("overlay", folder);
      await using registry = await startRegistry();
      const target = `docker://${registry.host}/app:1`;
      await store.shared.skopeo([
        "copy",
        "--quiet",
        "--dest-tls-verify=false",
        store.shared.reference(baseImage),
        target,
      ]);
      // Of layers that are pulled it is known what the registry calls them.
      await store.shared.buildah(["rmi", "--force", baseImage]);
      await using proxy = await createFaultProxy({ target: registry.url });
      // What root knows of blobs is the machine's, whatever its home.
      const env = { XDG_CACHE_HOME: path.join(folder, "cache"), _CONTAINERS_ROOTLESS_UID: "1000" };
      const done = async (...args: readonly string[]): Promise<void> => {
        const { code, stderr } = await store.by("dray", args, { env });
        expect({ code, stderr }, args.join(" ")).toEqual({ code: 0, stderr: "" });
      };
      const app = `docker://${proxy.host}/app`;
      await done("from", "--quiet", "--tls-verify=false", "--name", "c", `${app}:1`);
      await done("copy", "--quiet", "c", "one", "/one");
      proxy.forget();
      await done("commit", "--quiet", "--tls-verify=false", "--timestamp", "0", "c", `${app}:2`);

      const raw = async (tag: string): Promise<Manifest> => {
        const { stdout } = await store.shared.skopeo([
          "inspect",
          "--raw",
          "--tls-verify=false",
          `docker://${registry.host}/app:${tag}`,
        ]);
        return JSON.parse(stdout) as Manifest;
      };
      const [base, made] = [await raw("1"), await raw("2")];
      expect(made.layers.slice(0, -1)).toEqual(base.layers);
      const fresh = made.layers.at(-1)?.size ?? 0;
      expect(fresh).toBeLessThan(1024);
      expect(countBlobBytes(proxy.requests)).toEqual({ pushed: fresh + made.config.size, pulled: 0 });
      const sent = proxy.requests.filter(({ requestBytes }) => requestBytes > 0);
      const manifests = sent.filter(({ path }) => path.includes("/manifests/"));
      expect(sent.length - manifests.length).toBe(2);
      expect(manifests.map(({ path }) => path)).toEqual(["/v2/app/manifests/2"]);
      expect(proxy.requests.filter(({ method }) => method === "POST").length).toBe(2);

      // The same image again: nothing but its manifest.
      proxy.forget();
      await done("commit", "--quiet", "--tls-verify=false", "--timestamp", "0", "c", `${app}:3`);
      expect(countBlobBytes(proxy.requests)).toEqual({ pushed: 0, pulled: 0 });
      expect(await raw("3")).toEqual(made);
      expect(
        await store.shared.buildah(["pull", "--quiet", "--tls-verify=false", `${registry.host}/app:2`]),
      ).toMatchObject({ code: 0 });
    }, 60_000);

    it("send no layer of a base that was made in the store and pushed from it", async () => {
      const store = await builderStore("overlay", mkdtempSync(path.join(folder, "made-")));
      await using registry = await startRegistry();
      await using proxy = await createFaultProxy({ target: registry.url });
      const env = { XDG_CACHE_HOME: path.join(folder, "made-cache"), _CONTAINERS_ROOTLESS_UID: "1000" };
      const done = async (...args: readonly string[]): Promise<void> => {
        const { code, stderr } = await store.by("dray", args, { env });
        expect({ code, stderr }, args.join(" ")).toEqual({ code: 0, stderr: "" });
      };
      await done("from", "--quiet", "--name", "b", "scratch");
      await done("copy", "--quiet", "b", "one", "/one");
      await done("commit", "--quiet", "b", "localhost/made:1");
      await done(
        "push",
        "--quiet",
        "--tls-verify=false",
        "localhost/made:1",
        `docker://${proxy.host}/made:1`,
      );
      await done("from", "--quiet", "--name", "c", "localhost/made:1");
      await done("copy", "--quiet", "c", "one", "/two");
      for (const target of ["made:2", "other:1"]) {
        proxy.forget();
        await done("commit", "--quiet", "--tls-verify=false", "c", `docker://${proxy.host}/${target}`);
        const { stdout } = await store.shared.skopeo([
          "inspect",
          "--raw",
          "--tls-verify=false",
          `docker://${registry.host}/${target}`,
        ]);
        const { config, layers } = JSON.parse(stdout) as Manifest;
        expect(layers).toHaveLength(2);
        // The other repository gets both layers from the first one, without their bytes.
        const fresh = target === "made:2" ? (layers[1]?.size ?? 0) : 0;
        expect(countBlobBytes(proxy.requests)).toEqual({ pushed: fresh + config.size, pulled: 0 });
      }
    }, 60_000);
  },
);
