import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWithPeers, run, skopeo, startRegistry, type TestRegistry } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

describeWithPeers("mirrors, blocked registries and policies", ["skopeo", "docker-registry"], (peers) => {
  const folder = testFolder();
  const at = (name: string): string => join(folder, name);
  const env = { HOME: folder, XDG_RUNTIME_DIR: folder };
  let registry: TestRegistry;
  let mirror: TestRegistry;

  beforeAll(async () => {
    [registry, mirror] = await Promise.all([startRegistry(), startRegistry()]);
    writeTarFile(at("layer.tar"), "hello.txt", "hello");
    await skopeo(["copy", "--quiet", `tarball:${at("layer.tar")}`, `dir:${at("image")}`]);
    for (const name of [`${mirror.host}/hub/app:1`, `${registry.host}/blocked/app:1`]) {
      await skopeo(["copy", "--quiet", "--dest-tls-verify=false", `dir:${at("image")}`, `docker://${name}`], {
        env,
      });
    }
    const place = (location: string): string => `location = "${location}"\ninsecure = true\n`;
    writeFileSync(
      at("registries.conf"),
      [
        `[[registry]]\nprefix = "example.com/hub"\n${place(`${registry.host}/hub`)}`,
        `[[registry.mirror]]\n${place(`${mirror.host}/hub`)}`,
        `[[registry]]\n${place(`${registry.host}/blocked`)}blocked = true\n`,
      ].join("\n"),
    );
  });
  afterAll(async () => {
    await Promise.all([registry?.stop(), mirror?.stop()]);
  });

  /** What both say to a copy from a registry under one policy. */
  async function copyByBoth(
    image: string,
    policy: unknown,
  ): Promise<{ skopeo: string; dray: string; same: boolean }> {
    writeFileSync(at("policy.json"), JSON.stringify(policy));
    const args = [
      "--registries-conf",
      at("registries.conf"),
      "--policy",
      at("policy.json"),
      "copy",
      "--quiet",
    ];
    const manifests = ["by-skopeo", "by-dray"].map((name) => {
      rmSync(at(name), { recursive: true, force: true });
      return at(name);
    });
    const theirs = await run(peers.skopeo, [...args, `docker://${image}`, `dir:${manifests[0]}`], {
      env,
      mayFail: true,
    });
    const ours = await dray([...args, `docker://${image}`, `dir:${manifests[1]}`], { env });
    expect(ours.status).toBe(theirs.code);
    const [one, other] = manifests.map((path) =>
      ours.status === 0 ? readFileSync(join(path, "manifest.json"), "utf8") : "",
    );
    return { skopeo: theirs.stderr, dray: ours.stderr, same: one !== "" && one === other };
  }

  const accept = [{ type: "insecureAcceptAnything" }];
  const reject = [{ type: "reject" }];

  it("an image that only the mirror has is found under its name", async () => {
    const policy = { default: reject, transports: { docker: { "example.com/hub": accept } } };
    expect(await copyByBoth("example.com/hub/app:1", policy)).toEqual({ skopeo: "", dray: "", same: true });
  });

  it("the policy looks at the name that was written, not at the mirror's", async () => {
    const policy = {
      default: reject,
      transports: { docker: { [mirror.host]: accept, [registry.host]: accept, "*.com": reject } },
    };
    const said = await copyByBoth("example.com/hub/app:1", policy);
    expect(said.skopeo).toContain(
      "Source image rejected: Running image docker://example.com/hub/app:1 is rejected",
    );
    expect(said.dray).toContain(
      'Running image docker://example.com/hub/app:1 is rejected by policy: the scope "*.com" of docker in',
    );
  });

  it("what is blocked is not read, though it is there", async () => {
    const said = await copyByBoth(`${registry.host}/blocked/app:1`, { default: accept });
    expect(said.skopeo).toContain("is blocked in");
    expect(said.dray).toContain(`the registry ${registry.host}/blocked is blocked in`);
  });
});
