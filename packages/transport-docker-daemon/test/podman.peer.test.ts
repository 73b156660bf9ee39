import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { randomImage, readImage, writeImage } from "@drayage/testkit";
import { describeWithPeers, podmanStore, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { dockerDaemon } from "../src/index.ts";

describeWithPeers("podman's service", ["podman", "root"], () => {
  it("is spoken to as a daemon", async () => {
    const folder = temporaryDirectory();
    const socket = path.join(folder, "podman.sock");
    const { podman } = podmanStore(path.join(folder, "store"));
    const stop = new AbortController();
    const service = podman(["system", "service", "--time", "0", `unix://${socket}`], { signal: stop.signal });
    const ended = service.catch(() => undefined);
    try {
      while (!existsSync(socket)) await Promise.race([delay(20), service]);
      const transport = dockerDaemon({ env: { DOCKER_HOST: `unix://${socket}` } });
      const reference = transport.parse("localhost/app:1");
      const image = await randomImage({ seed: "podman", format: "docker" });
      await using destination = await transport.openDestination(reference);
      await writeImage(destination, image);
      {
        await using source = await transport.openSource(reference);
        expect(await readImage(source)).toMatchObject({
          config: { descriptor: { digest: image.config.descriptor.digest } },
          layers: image.layers.map(({ layer }) => ({ descriptor: { digest: layer.diffId } })),
        });
      }
      await transport.deleteImage(reference);
      await expect(transport.openSource(reference)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
      });
    } finally {
      stop.abort();
      await ended;
    }
  });
});
