import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { explicitPath } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { pathScopes } from "@drayage/transport";
import { describeWithPeers, run, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { checkPolicy, parsePolicy } from "../src/index.ts";

type Decision = "accepted" | "rejected" | "invalid";

describeWithPeers("skopeo and drayage under one policy", ["skopeo"], ({ skopeo }) => {
  const folder = temporaryDirectory();
  const images = join(folder, "images");
  writeImage(join(images, "app"));
  symlinkSync(images, join(folder, "link"));
  writeImage(join(folder, "images-too"));

  async function decisionOfSkopeo(policy: string, image: string): Promise<Decision> {
    const file = join(folder, "policy.json");
    writeFileSync(file, policy);
    const { code, stderr } = await run(
      skopeo,
      ["--policy", file, "copy", "--quiet", `dir:${image}`, `dir:${join(folder, "out")}`],
      { mayFail: true },
    );
    if (code === 0) return "accepted";
    if (stderr.includes("Source image rejected: ")) return "rejected";
    if (stderr.includes("Error loading trust policy: ")) return "invalid";
    throw new Error(stderr);
  }

  function ourDecision(text: string, image: string): Decision {
    try {
      const policy = parsePolicy(new TextEncoder().encode(text), "policy.json");
      checkPolicy(policy, { transport: "dir", scopes: pathScopes(explicitPath(image)), what: image });
      return "accepted";
    } catch (error) {
      if (isDrayageError(error, "ERR_DRAYAGE_POLICY_REJECTED")) return "rejected";
      if (isDrayageError(error, "ERR_DRAYAGE_CONFIGURATION_INVALID")) return "invalid";
      throw error;
    }
  }

  const accept = [{ type: "insecureAcceptAnything" }];
  const reject = [{ type: "reject" }];
  const signed = [{ type: "signedBy", keyType: "GPGKeys", keyPath: "/nonexistent" }];
  const sigstore = [{ type: "sigstoreSigned", keyPath: "/nonexistent" }];
  const app = join(images, "app");
  const scopes = [
    {},
    { "": accept },
    { [app]: accept },
    { [images]: accept },
    { [images]: accept, [app]: reject },
    { [images]: reject, [app]: accept },
    { [folder]: accept, "": reject },
    { [join(folder, "link")]: accept },
    { [join(folder, "link/app")]: reject, "": accept },
    { [`${images}-too`]: accept },
    { [images]: [...accept, ...signed], "": accept },
    { [images]: [...signed, ...accept] },
    { [app]: sigstore },
    { "": [...accept, ...reject] },
    { "": [{ type: "signedBaseLayer", baseLayerIdentity: { type: "matchExact" } }] },
  ].map((dir) => JSON.stringify({ default: reject, transports: { dir, oci: { "": reject } } }));
  const identity = (signedIdentity: unknown): unknown => [{ ...signed[0], signedIdentity }];
  const documents = [
    "",
    "null",
    "{}",
    '{"default":[]}',
    '{"default":null}',
    '{"default":[{"type":"reject"}]} x',
    '{"default":[{"type":"reject"}],"default":[{"type":"reject"}]}',
    ...[
      { default: accept },
      { default: reject },
      { default: accept, transports: {} },
      { default: accept, transports: null },
      { default: accept, transports: { dir: null } },
      { default: accept, transports: { unknown: { anything: reject } } },
      { default: accept, transports: { dir: { relative: reject } } },
      { default: accept, transports: { dir: { "/": reject } } },
      { default: accept, transports: { dir: { "/a/": reject } } },
      { default: accept, transports: { dir: { "/a/../b": reject } } },
      { default: accept, transports: { oci: { "/a//b": reject } } },
      { default: accept, transports: { "oci-archive": { "/a/b": reject } } },
      { default: accept, transports: { tarball: { "/a": reject } } },
      { default: accept, transports: { "docker-archive": { "/a": reject } } },
      { default: accept, transports: { "docker-daemon": { [`sha256:${"0".repeat(64)}`]: reject } } },
      { default: accept, transports: { docker: { "*.example.com": reject, "quay.io/a": signed } } },
      { default: [{ Type: "reject" }] },
      { default: [{ type: "reject", more: 1 }] },
      { default: [{ type: "other" }] },
      { default: [null] },
      { default: signed },
      { default: [{ type: "signedBy", keyPath: "/k" }] },
      { default: [{ type: "signedBy", keyType: "signedByGPGKeys", keyPath: "/k" }] },
      { default: [{ type: "signedBy", keyType: "other", keyPath: "/k" }] },
      { default: [{ type: "signedBy", keyType: "GPGKeys" }] },
      { default: [{ type: "signedBy", keyType: "GPGKeys", keyPath: "" }] },
      { default: [{ type: "signedBy", keyType: "GPGKeys", keyPath: "/k", keyData: "AQ==" }] },
      { default: [{ type: "signedBy", keyType: "GPGKeys", keyData: "AQ==" }] },
      { default: [{ type: "signedBy", keyType: "GPGKeys", keyData: "A\nQ==" }] },
      { default: [{ type: "signedBy", keyType: "GPGKeys", keyData: "AQ" }] },
      { default: identity(null) },
      { default: identity({ type: "matchExact" }) },
      { default: identity({ type: "matchRepoDigestOrExact" }) },
      { default: identity({ type: "matchRepository", more: 1 }) },
      { default: identity({ type: "exactReference", dockerReference: "busybox" }) },
      { default: identity({ type: "exactReference", dockerReference: "busybox:1" }) },
      { default: identity({ type: "exactReference" }) },
      { default: identity({ type: "exactRepository", dockerRepository: "quay.io/UPPER" }) },
      { default: identity({ type: "exactRepository", dockerRepository: "quay.io/lower" }) },
      { default: identity({ type: "remapIdentity", prefix: "quay.io", signedPrefix: "busybox" }) },
      { default: identity({ type: "remapIdentity", prefix: "a:5000/b", signedPrefix: "c/d" }) },
      { default: identity({ type: "remapIdentity", prefix: "a.b/c:1", signedPrefix: "c" }) },
      { default: identity({ type: "remapIdentity", prefix: "", signedPrefix: "c" }) },
      { default: identity({ type: "other" }) },
      { default: [{ type: "sigstoreSigned" }] },
      { default: [{ type: "sigstoreSigned", keyData: "AQ==" }] },
      { default: [{ type: "sigstoreSigned", keyPath: "/k", keyData: "AQ==" }] },
      { default: [{ type: "signedBaseLayer" }] },
    ].map((document) => JSON.stringify(document)),
  ];

  it("decide the same about an image by its scopes", async () => {
    const seen = new Set<Decision>();
    for (const policy of scopes) {
      for (const image of [app, join(folder, "link/app"), `${images}-too`]) {
        const decision = ourDecision(policy, image);
        expect(decision, `${policy} ${image}`).toBe(await decisionOfSkopeo(policy, image));
        seen.add(decision);
      }
    }
    expect([...seen].sort()).toEqual(["accepted", "rejected"]);
  });

  it("refuse the same policies as malformed", async () => {
    const seen = new Set<Decision>();
    for (const policy of documents) {
      const decision = ourDecision(policy, app);
      expect(decision, policy).toBe(await decisionOfSkopeo(policy, app));
      seen.add(decision);
    }
    expect([...seen].sort()).toEqual(["accepted", "invalid", "rejected"]);
  });

  function writeImage(path: string): void {
    mkdirSync(path, { recursive: true });
    const config = new TextEncoder().encode(
      '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
    );
    const digest = digestBytes(config);
    writeFileSync(join(path, digestHex(digest)), config);
    writeFileSync(join(path, "version"), "Directory Transport Version: 1.1\n");
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const descriptor = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: config.length };
    writeFileSync(
      join(path, "manifest.json"),
      JSON.stringify({ schemaVersion: 2, mediaType, config: descriptor, layers: [] }),
    );
  }
});
