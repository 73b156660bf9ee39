import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noLayerCache } from "@drayage/build-context";
import { createFaultProxy, randomImage, writeImage } from "@drayage/testkit";
import { docker } from "@drayage/transport-docker";
import { describeWithPeers, skopeo, startRegistry } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { createPipeline } from "../../src/pipeline/create-pipeline.ts";

describeWithPeers("a pipeline and a registry", ["docker-registry", "skopeo"], () => {
  it("sends only the new layer, the config and the manifest upon a base that the registry has", async () => {
    await using registry = await startRegistry();
    await using proxy = await createFaultProxy({ target: registry.url });
    const home = mkdtempSync(join(tmpdir(), "drayage-"));
    try {
      mkdirSync(join(home, "app"));
      writeFileSync(join(home, "app/main.js"), "main()");
      const connection = { tlsVerify: false };
      const transport = docker();
      const at = (name: string) => {
        const text = `//${proxy.host}/${name}`;
        return { transport, reference: transport.parse(text), text: `docker:${text}` };
      };
      const base = await randomImage({ seed: 5, layers: 3, format: "oci" });
      {
        const { reference } = at("base:1");
        await using destination = await transport.openDestination(reference, { connection });
        await writeImage(destination, base);
      }
      for (const target of ["base:2", "other/app:1"]) {
        proxy.forget();
        await using pipeline = await createPipeline({ from: at("base:1"), sourceOptions: { connection } });
        await pipeline.copy(["app"], "/app", { contextDir: home });
        const options = { layerCache: noLayerCache, env: {}, destinationOptions: { connection } };
        const { manifestDigest, diffIds } = await pipeline.commit(at(target), options);
        expect(diffIds).toHaveLength(4);
        await proxy.settled();
        // The base's config was read, and none of its layers.
        expect(proxy.blobBytes().pulled).toBe(base.config.descriptor.size);
        const inspected = await skopeo([
          "inspect",
          "--raw",
          "--tls-verify=false",
          `docker://${registry.host}/${target}`,
        ]);
        const manifest = JSON.parse(inspected.stdout) as {
          config: { size: number };
          layers: { digest: string; size: number }[];
        };
        const added = manifest.layers.at(-1)?.size ?? 0;
        expect(proxy.blobBytes().pushed).toBe(added + manifest.config.size);
        const uploads = proxy.requests.filter(
          ({ method, path }) => method === "PUT" && path.includes("/blobs/uploads/"),
        );
        expect(uploads).toHaveLength(2);
        expect(manifest.layers.slice(0, 3).map(({ digest }) => digest)).toEqual(
          base.layers.map(({ descriptor }) => descriptor.digest),
        );
        expect(manifestDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
      }
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
