import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import {
  describeWithPeers,
  pullWithSkopeo,
  pushWithSkopeo,
  registryTree,
  run,
  startRegistry,
  startTokenServer,
  temporaryDirectory,
  testCertificates,
} from "../src/index.ts";

describeWithPeers("skopeo and a registry", ["skopeo", "umoci", "docker-registry", "openssl"], (peers) => {
  /** A layout with an image of one layer. */
  async function layout(): Promise<string> {
    const folder = temporaryDirectory();
    const image = path.join(folder, "layout");
    const tree = path.join(folder, "tree");
    mkdirSync(tree);
    writeFileSync(path.join(tree, "hello"), "hello\n");
    await run(peers.umoci, ["init", "--layout", image]);
    await run(peers.umoci, ["new", "--image", `${image}:v1`]);
    await run(peers.umoci, ["insert", "--rootless", "--image", `${image}:v1`, tree, "/"]);
    return image;
  }

  function manifestOf(image: string): { readonly digest: string; readonly blobs: readonly string[] } {
    const index = JSON.parse(readFileSync(path.join(image, "index.json"), "utf8"));
    const { digest } = index.manifests[0];
    const bytes = readFileSync(path.join(image, "blobs", digest.replace(":", "/")));
    expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(digest);
    const { config, layers } = JSON.parse(bytes.toString());
    const blobs: string[] = [config, ...layers].map((descriptor) => descriptor.digest);
    return { digest, blobs: blobs.sort() };
  }

  it("images go to and fro, and the registry's folder tells what it has", async () => {
    const image = await layout();
    const { digest, blobs } = manifestOf(image);
    await using registry = await startRegistry({ deletable: true });
    await pushWithSkopeo(`oci:${image}:v1`, `${registry.host}/team/hello:1`);
    await pushWithSkopeo(`oci:${image}:v1`, `${registry.host}/team/hello:2`);
    await pushWithSkopeo(`oci:${image}:v1`, `${registry.host}/team:latest`);
    expect(registryTree(registry.folder)).toEqual({
      team: { tags: { latest: digest }, manifests: [digest], blobs },
      "team/hello": { tags: { 1: digest, 2: digest }, manifests: [digest], blobs },
    });
    const copy = path.join(temporaryDirectory(), "copy");
    await pullWithSkopeo(`${registry.host}/team/hello:2`, `oci:${copy}:v1`);
    expect(manifestOf(copy)).toEqual({ digest, blobs });

    const deleted = await fetch(`${registry.url}/v2/team/hello/manifests/${digest}`, { method: "DELETE" });
    expect(deleted.status).toBe(202);
    expect(registryTree(registry.folder)["team/hello"]).toEqual({ tags: {}, manifests: [], blobs });
  });

  it("with tokens over TLS, and only with the right password", async () => {
    const image = await layout();
    const { server, authority } = await testCertificates();
    const alice = { password: "secret", rights: { "repository:team/*": ["pull", "push"] } } as const;
    await using tokens = await startTokenServer({ users: { alice }, tls: server });
    await using registry = await startRegistry({ tls: server, token: tokens.registry });
    const certDir = temporaryDirectory();
    copyFileSync(authority.certificate, path.join(certDir, "ca.crt"));
    const source = `oci:${image}:v1`;
    const name = `${registry.host}/team/hello:1`;
    await pushWithSkopeo(source, name, { certDir, credentials: "alice:secret" });
    expect(Object.keys(registryTree(registry.folder))).toEqual(["team/hello"]);
    const wrong = await pushWithSkopeo(source, name, { certDir, credentials: "alice:wrong", mayFail: true });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("unauthorized");
    const denied = await pushWithSkopeo(source, `${registry.host}/other:1`, {
      certDir,
      credentials: "alice:secret",
      mayFail: true,
    });
    expect(denied.code).toBe(1);
    expect(denied.stderr).toContain("denied");
    expect(Object.keys(registryTree(registry.folder))).toEqual(["team/hello"]);
  });

  it("with a user and a password", async () => {
    const image = await layout();
    await using registry = await startRegistry({ htpasswd: { bob: "correct horse" } });
    const name = `${registry.host}/hello:1`;
    await pushWithSkopeo(`oci:${image}:v1`, name, { credentials: "bob:correct horse" });
    expect((await pushWithSkopeo(`oci:${image}:v1`, name, { mayFail: true })).code).toBe(1);
  });
});
