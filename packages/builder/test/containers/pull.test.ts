import { mkdtempSync, rmSync } from "node:fs";
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
import { createWorkingContainer, type PullPolicy } from "../../src/index.ts";

const whyNot = sysUnavailable();
const name = "localhost:5000/me/app:1";

describe.skipIf(whyNot !== undefined)(`bases${whyNot === undefined ? "" : ` [skipped: ${whyNot}]`}`, () => {
  let folder: string;
  let store: Store;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "drayage-"));
    const driver = vfsDriver();
    store = await openStore({ graphRoot: join(folder, "graph"), runRoot: join(folder, "run"), driver });
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const layouts = ociDir();
  /** What a registry would be, for all that matters here: an image that has a name. */
  function remote(path = "layout"): Location {
    const reference = { ...layouts.parse(join(folder, path)), dockerReference: parseNormalizedNamed(name) };
    const transport: Transport = { ...layouts, scheme: "docker", aliases: [] };
    return { transport, reference, text: `docker://${name}` };
  }
  /** Puts an image there; another seed is another image. */
  async function publish(seed: number): Promise<string> {
    rmSync(join(folder, "layout"), { recursive: true, force: true });
    const image = await randomImage({ seed });
    await using destination = await layouts.openDestination(layouts.parse(join(folder, "layout")));
    await writeImage(destination, image);
    return image.config.descriptor.digest.slice(7);
  }
  async function from(
    pull: PullPolicy,
    location = remote(),
  ): Promise<{ readonly image: string; readonly warnings: readonly string[] }> {
    const warnings: string[] = [];
    const onWarning = (sentence: string): void => void warnings.push(sentence);
    const { state } = await createWorkingContainer(store, { from: location, pull, onWarning });
    return { image: state.fromImageId, warnings };
  }

  it("missing takes what the store has, newer what has another digest, always the source's, never only the store's", async () => {
    const first = await publish(1);
    await expect(from("never")).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
    expect((await from("missing")).image).toBe(first);
    const second = await publish(2);
    expect(second).not.toBe(first);
    expect((await from("missing")).image).toBe(first);
    expect((await from("never")).image).toBe(first);
    expect((await from("newer")).image).toBe(second);
    expect((await from("newer")).image).toBe(second);
    const third = await publish(3);
    expect((await from("always")).image).toBe(third);
  });

  it("newer takes the store's where the source cannot be asked, and says so; always does not", async () => {
    const first = await publish(1);
    await from("missing");
    const { image, warnings } = await from("newer", remote("nowhere"));
    expect([image, warnings.length]).toEqual([first, 1]);
    await expect(from("always", remote("nowhere"))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
  });

  it("a name is looked for in the places that are given, the first that has it is taken", async () => {
    const first = await publish(1);
    const { state, name: container } = await createWorkingContainer(store, {
      from: "me/app:1",
      pullFrom: [remote("nowhere"), remote()],
    });
    expect([state.fromImageId, state.fromImage, container]).toEqual([
      first,
      name,
      "localhost-working-container",
    ]);
    await expect(createWorkingContainer(store, { from: "other" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
  });

  it("an image of another platform than is asked for does not do", async () => {
    await publish(1);
    await from("missing");
    const platform = { os: "linux", architecture: "s390x" };
    await expect(createWorkingContainer(store, { from: name, platform })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
    });
  });

  it("a name that is taken is told, and a wrong option with what is accepted, before anything is made", async () => {
    await createWorkingContainer(store, { from: "scratch", name: "mine" });
    await expect(createWorkingContainer(store, { from: "scratch", name: "mine" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_NAME_TAKEN",
    });
    await expect(createWorkingContainer(store, { from: "scratch", name: "a b" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_NAME_INVALID",
    });
    const wrong = [
      { capAdd: ["FLY"] },
      { capAdd: ["KILL"], capDrop: ["KILL"] },
      { addHosts: ["x"] },
      { dns: ["none", "1.1.1.1"] },
      { volumes: ["data:/data"] },
      { volumes: ["/there/is/none:/data"] },
      { ulimits: ["fly=1"] },
      { shmSize: "much" },
      { securityOptions: ["no-new-privileges"] },
      { devices: ["/dev/null:x"] },
      { devices: ["/etc/passwd"] },
      { network: "/there/is/none" },
      { pid: "other" },
      { memory: -5 },
    ];
    for (const runtime of wrong) {
      await expect(
        createWorkingContainer(store, { from: "scratch", runtime }),
        JSON.stringify(runtime),
      ).rejects.toMatchObject({
        code: "ERR_DRAYAGE_USAGE",
      });
    }
    expect((await store.read()).containers.length).toBe(1);
  });
});
