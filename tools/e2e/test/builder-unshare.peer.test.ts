import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Builder, type BuilderStore, baseImage, builderStore } from "../src/builder-store.ts";
import { unmountBelow } from "../src/shared-store.ts";

const builders = ["buildah", "dray"] as const;

/** What both take for a session that there is already: buildah begins none where /etc/subuid has no line. */
const session = {
  _CONTAINERS_USERNS_CONFIGURED: "done",
  _CONTAINERS_ROOTLESS_UID: "1000",
  _CONTAINERS_ROOTLESS_GID: "1000",
};

describeWithPeers("unshare --mount", ["buildah", "skopeo", "containers-storage", "root"], () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
  let store: BuilderStore;

  beforeAll(async () => {
    store = await builderStore("overlay", folder);
    for (const builder of builders) {
      for (const name of ["one", "two"]) {
        await store.by("buildah", ["from", "--name", `${builder}-${name}`, baseImage]);
      }
    }
  }, 60_000);
  afterAll(() => {
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  const mounts = (): readonly string[] =>
    readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(folder) && line.includes("/merged"));

  async function placeIn(container: string): Promise<string> {
    const { stdout } = await store.by("buildah", ["inspect", container]);
    return (JSON.parse(stdout) as { readonly MountPoint: string }).MountPoint;
  }

  async function nothingIsMounted(builder: Builder): Promise<void> {
    expect(mounts()).toEqual([]);
    expect([await placeIn(`${builder}-one`), await placeIn(`${builder}-two`)]).toEqual(["", ""]);
  }

  it.each(builders)(
    "mounts containers for the command, and variables say where: %s",
    async (builder) => {
      const script = `for each in "$A" "$B"; do test -d "$each/tmp" && echo there; done; echo hello > "$A/made"`;
      const flags = ["--mount", `A=${builder}-one`, "-m", `B=${builder}-two`];
      const made = await store.by(builder, ["unshare", ...flags, "sh", "-c", script], { env: session });
      expect(made).toMatchObject({ code: 0, stdout: "there\nthere\n", stderr: "" });
      await nothingIsMounted(builder);
      const place = (await store.by("buildah", ["mount", `${builder}-one`])).stdout.trim();
      expect(readFileSync(path.join(place, "made"), "utf8")).toBe("hello\n");
      await store.by("buildah", ["umount", `${builder}-one`]);
      // Without a name for it the container's is the variable's, which a shell does not take.
      const own = ["unshare", "--mount", `${builder}-one,${builder}-two,=${builder}-two`, "env"];
      const { stdout } = await store.by(builder, own, { env: session });
      const named = stdout.split("\n").filter((line) => line.includes(folder) && line.includes("/merged"));
      expect(named.map((line) => line.slice(0, line.indexOf("=")))).toEqual([
        `${builder}-one`,
        `${builder}-two`,
      ]);
      await nothingIsMounted(builder);
    },
    30_000,
  );

  it.each(builders)(
    "ends with the command's status, and nothing stays mounted: %s",
    async (builder) => {
      for (const [line, status] of [
        ["exit 7", 7],
        // buildah gives 1, and says that it cannot tell.
        ...(builder === "dray" ? ([["kill -TERM $$", 143]] as const) : []),
      ] as const) {
        const flags = ["--mount", `X=${builder}-one`];
        const ended = await store.by(builder, ["unshare", ...flags, "sh", "-c", line], { env: session });
        expect(ended).toMatchObject({ code: status, stdout: "", stderr: "" });
        await nothingIsMounted(builder);
      }
    },
    30_000,
  );

  it.each(builders)(
    "that finds no container runs nothing, and nothing stays mounted: %s",
    async (builder) => {
      const file = path.join(folder, "never");
      const flags = ["--mount", `${builder}-one`, "--mount", "X=nosuch"];
      const refused = await store.by(builder, ["unshare", ...flags, "touch", file], { env: session });
      expect(refused).toMatchObject({
        code: 125,
        stdout: "",
        stderr: 'Error: loading information about build container "nosuch": container not known\n',
      });
      await nothingIsMounted(builder);
      expect(existsSync(file)).toBe(false);
    },
    30_000,
  );

  it("mounts in the session that it begins, which the machine does not see", async () => {
    const script = 'readlink /proc/self/ns/user /proc/self/ns/mnt; test -d "$A/tmp" && echo there';
    const flags = ["--mount", "A=dray-one"];
    const { code, stdout, stderr } = await store.by("dray", ["unshare", ...flags, "sh", "-c", script]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [user, mount, there] = stdout.split("\n");
    expect([user, mount]).toEqual([expect.stringMatching(/^user:/), expect.stringMatching(/^mnt:/)]);
    expect(user).not.toBe(readlinkSync("/proc/self/ns/user"));
    expect(mount).not.toBe(readlinkSync("/proc/self/ns/mnt"));
    expect(there).toBe("there");
    await nothingIsMounted("dray");
  }, 30_000);
});
