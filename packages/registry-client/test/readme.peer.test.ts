import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { describeWithPeers, startRegistry, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { bytesContent, createRegistryClient } from "../src/index.ts";
import { empty, manifestOf } from "./samples.ts";

describeWithPeers("README", ["docker-registry"], () => {
  it("its bot runs, at another registry", async () => {
    await using registry = await startRegistry();
    const client = createRegistryClient({ host: registry.host, insecure: true });
    const repository = client.repository("library/busybox");
    const manifest = manifestOf({});
    await repository.uploadBlob(bytesContent(empty));
    await repository.putManifest("1.36", manifest, { mediaType: mediaTypes.ociManifest });
    client.close();

    const text = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
    const code = /^```ts no-run\n([\s\S]*?)^```$/m.exec(text)?.[1] ?? "";
    const entry = join(import.meta.dirname, `readme-${process.pid}.generated.ts`);
    writeFileSync(entry, code.replace('host: "docker.io"', `host: "${registry.host}", insecure: true`));
    try {
      const bundle = await bundleForNode(entry, temporaryDirectory());
      const { stdout } = await promisify(execFile)(process.execPath, [bundle]);
      expect(stdout).toBe(`${digestBytes(manifest)} ${mediaTypes.ociManifest}\n1.36\n`);
    } finally {
      rmSync(entry);
    }
  });
});
