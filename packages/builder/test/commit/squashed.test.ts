import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseNormalizedNamed } from "@drayage/reference";
import { openStore, type Store } from "@drayage/storage";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { sysUnavailable } from "@drayage/sys";
import { randomImage, writeImage } from "@drayage/testkit";
import type { Location, Transport } from "@drayage/transport";
import { ociDir } from "@drayage/transport-oci-dir";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPipeline, createWorkingContainer } from "../../src/index.ts";

const whyNot = sysUnavailable();
const layouts = ociDir();
const options = { env: {}, squash: true, sourceDateEpoch: new Date(0) };

interface Manifest {
  readonly annotations?: Readonly<Record<string, string>>;
}

describe.skipIf(whyNot !== undefined)(
  `squashed${whyNot === undefined ? "" : ` [skipped: ${whyNot}]`}`,
  () => {
    let folder: string;
    let store: Store;
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "drayage-"));
      mkdirSync(join(folder, "context"));
      writeFileSync(join(folder, "context", "file"), "content");
      const driver = vfsDriver();
      store = await openStore({ graphRoot: join(folder, "graph"), runRoot: join(folder, "run"), driver });
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });

    const layout = (name: string): Location => {
      const text = join(folder, name);
      return { transport: layouts, reference: layouts.parse(text), text: `oci-dir:${text}` };
    };
    async function read(at: Location): Promise<Manifest> {
      await using source = await layouts.openSource(layouts.parse(at.reference.text));
      return JSON.parse(new TextDecoder().decode((await source.manifest()).bytes)) as Manifest;
    }
    /** What a registry would be: an image that has a name. */
    async function base(name: string): Promise<Location> {
      const at = layout("base");
      await using destination = await layouts.openDestination(layouts.parse(at.reference.text));
      await writeImage(destination, await randomImage({ seed: name }));
      const transport: Transport = { ...layouts, scheme: "docker", aliases: [] };
      const reference = { ...at.reference, dockerReference: parseNormalizedNamed(name) };
      return { transport, reference, text: `docker://${name}` };
    }
    async function both(from: "scratch" | Location): Promise<readonly [Manifest, Manifest]> {
      const container = await createWorkingContainer(store, { from });
      await container.copy([join(folder, "context", "file")], "/file");
      await container.commit(layout("container"), options);
      await using pipeline = await createPipeline({ from });
      await pipeline.copy([join(folder, "context", "file")], "/file");
      await pipeline.commit(layout("pipeline"), options);
      return [await read(layout("container")), await read(layout("pipeline"))];
    }

    it("a container and a pipeline of the same files have one manifest, which is silent on a base that is none", async () => {
      const [container, pipeline] = await both("scratch");
      expect(container).toEqual(pipeline);
      expect(container.annotations).toBeUndefined();
    });

    it("they say the same of a base, too", async () => {
      const [container, pipeline] = await both(await base("localhost:5000/me/app:1"));
      expect(container.annotations).toEqual(pipeline.annotations);
      expect(container.annotations?.["org.opencontainers.image.base.name"]).toBe("localhost:5000/me/app:1");
    });

    it("with emptyBase it says that there is none, as buildah does", async () => {
      const container = await createWorkingContainer(store, { from: "scratch" });
      await container.commit(layout("out"), { ...options, emptyBase: true });
      expect((await read(layout("out"))).annotations).toEqual({
        "org.opencontainers.image.base.digest": "",
        "org.opencontainers.image.base.name": "",
      });
    });
  },
);
