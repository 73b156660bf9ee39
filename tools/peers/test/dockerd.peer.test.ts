import { existsSync, readdirSync, readFileSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import { Readable } from "node:stream";
import { expect, it } from "vitest";
import {
  type DockerdOptions,
  describeWithPeers,
  run,
  startDockerd,
  temporaryDirectory,
  testCertificates,
} from "../src/index.ts";

describeWithPeers("a docker daemon of one's own", ["dockerd", "root", "openssl", "tar"], () => {
  /** What an image can be made of. */
  async function archive(): Promise<Uint8Array> {
    const folder = temporaryDirectory();
    return (await run("tar", ["-c", "-C", folder, "."])).bytes;
  }

  function commandLines(): readonly string[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8");
        } catch {
          return "it has ended meanwhile";
        }
      });
  }

  for (const storageDriver of [undefined, "vfs"] as const) {
    it(`keeps images (${storageDriver ?? "as the kernel can"}), and nothing is left of it`, async () => {
      const mounts = readFileSync("/proc/self/mounts", "utf8");
      const daemon = await startDockerd({ storageDriver });
      const import_ = "/images/create?fromSrc=-&repo=example.com/hello&tag=1";
      const made = await daemon.api(import_, { method: "POST", body: await archive() });
      expect(made.status).toBe(200);
      const again = await daemon.api(import_, { method: "POST", body: Readable.from([await archive()]) });
      expect(again.status).toBe(200);
      const images = (await daemon.api("/images/json")).json() as { readonly RepoTags: readonly string[] }[];
      expect(images.flatMap(({ RepoTags }) => RepoTags ?? [])).toContain("example.com/hello:1");
      expect((await daemon.api("/images/nothing/json")).status).toBe(404);
      const info = (await daemon.api("/info")).json() as { readonly Driver: string };
      if (storageDriver !== undefined) expect(info.Driver).toBe(storageDriver);
      expect(readFileSync("/proc/self/mounts", "utf8")).toBe(mounts);
      expect(commandLines().filter((line) => line.includes(path.dirname(daemon.socket)))).not.toEqual([]);
      await daemon.stop();
      expect(existsSync(path.dirname(daemon.socket))).toBe(false);
      expect(commandLines().filter((line) => line.includes(path.dirname(daemon.socket)))).toEqual([]);
    });
  }

  it("comes back with what it had", async () => {
    const folder = temporaryDirectory();
    const first = await startDockerd({ folder });
    await first.api("/images/create?fromSrc=-&repo=hello&tag=1", { method: "POST", body: await archive() });
    await first.stop();
    await using second = await startDockerd({ folder });
    expect((await second.api("/images/hello:1/json")).status).toBe(200);
  });

  it("listens on a port, for all or for those with a certificate", async () => {
    const ping = async (tcp: DockerdOptions["tcp"], withClient: boolean): Promise<number | undefined> => {
      await using daemon = await startDockerd({ tcp });
      const { host } = new URL(daemon.tcpHost ?? "");
      if (tcp === "plain") return (await fetch(`http://${host}/_ping`)).status;
      const { authority, client } = await testCertificates();
      return await new Promise((resolve) => {
        https
          .get(`https://${host}/_ping`, {
            agent: false,
            ca: readFileSync(authority.certificate),
            ...(withClient && { cert: readFileSync(client.certificate), key: readFileSync(client.key) }),
          })
          .on("response", (response) => resolve(response.resume().statusCode))
          .on("error", () => resolve(undefined));
      });
    };
    const certificates = await testCertificates();
    expect(await ping("plain", false)).toBe(200);
    expect(await ping(certificates, true)).toBe(200);
    expect(await ping(certificates, false)).toBe(undefined);
  });
});
