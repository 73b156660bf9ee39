import { join } from "node:path";
import { describeWithPeers, pushWithSkopeo, startRegistry, type TestRegistry } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

describeWithPeers("commands on a registry", ["docker-registry", "skopeo"], () => {
  const folder = testFolder();
  const env = { HOME: folder, XDG_CACHE_HOME: join(folder, "cache"), XDG_RUNTIME_DIR: folder };
  const insecure = "--tls-verify=false";
  let registry: TestRegistry;
  const name = (path: string): string => `docker://${registry.host}/${path}`;
  const run = (...argv: readonly string[]) => dray(argv, { env });

  beforeAll(async () => {
    registry = await startRegistry({ deletable: true });
    writeTarFile(join(folder, "layer.tar"), "hello.txt", "hello");
    const image = `oci-dir:${join(folder, "layout")}:app`;
    expect((await run("copy", `tarball:${join(folder, "layer.tar")}`, image)).status).toBe(0);
    for (const tag of ["team/app:1", "team/app:2", "other:1"]) {
      await pushWithSkopeo(`oci:${join(folder, "layout")}:app`, `${registry.host}/${tag}`);
    }
  });

  afterAll(() => registry?.stop());

  it("dray catalog lists the repositories, by lines or as JSON", async () => {
    for (const host of [registry.host, `docker://${registry.host}/`]) {
      expect(await run("catalog", insecure, host)).toMatchObject({
        status: 0,
        stdout: "other\nteam/app\n",
        stderr: "",
      });
    }
    const { stdout } = await run("catalog", insecure, "--json", registry.host);
    expect(JSON.parse(stdout)).toEqual({ Registry: registry.host, Repositories: ["other", "team/app"] });
  });

  it("dray catalog refuses what is no registry", async () => {
    for (const text of ["", "a/b", "127.0.0.1:5000/a", "Host", "host"]) {
      const { status, stderr } = await run("catalog", insecure, text);
      expect({ text, status }).toEqual({ text, status: 1 });
      expect(stderr).toMatch(/is no registry; a registry is written HOST/);
    }
  });

  it("dray digest prints what the registry says, whatever names the image", async () => {
    const { stdout } = await run("digest", insecure, name("team/app:1"));
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect((await run("digest", insecure, name(`team/app@${stdout.trim()}`))).stdout).toBe(stdout);
    expect((await run("digest", insecure, name(`team/app:1@${stdout.trim()}`))).stdout).toBe(stdout);
    expect((await run("digest", insecure, name("team/app:none"))).status).toBe(2);
  });

  it("dray delete --tag-only deletes nothing where the registry would delete more than the tag", async () => {
    const refused = await run("delete", insecure, "--tag-only", name("team/app:1"));
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/^dray: .*\n$/);
    const listed = JSON.parse((await run("list-tags", insecure, name("team/app"))).stdout) as {
      Repository: string;
      Tags: string[];
    };
    expect({ ...listed, Tags: listed.Tags.sort() }).toEqual({
      Repository: `${registry.host}/team/app`,
      Tags: ["1", "2"],
    });
    const elsewhere = await run("delete", "--tag-only", `oci-dir:${join(folder, "layout")}:app`);
    expect(elsewhere).toMatchObject({ status: 1 });
    expect(elsewhere.stderr).toContain("--tag-only");
    expect((await run("digest", `oci-dir:${join(folder, "layout")}:app`)).status).toBe(0);
  });

  it("dray delete deletes the manifest, and with it each of its tags", async () => {
    expect(await run("delete", insecure, name("other:1"))).toMatchObject({ status: 0, stderr: "" });
    expect((await run("digest", insecure, name("other:1"))).status).toBe(2);
  });
});
