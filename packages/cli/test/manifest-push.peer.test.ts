import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Digest, digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { randomImage, writeImage } from "@drayage/testkit";
import { ociDir } from "@drayage/transport-oci-dir";
import {
  describeWithPeers,
  podmanStore,
  skopeo,
  startRegistry,
  type TestRegistry,
  testCertificates,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dray } from "./run-dray.ts";

interface Entry {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly artifactType?: string;
  readonly platform?: { readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

describeWithPeers(
  "manifest lists that are pushed",
  ["podman", "skopeo", "docker-registry", "openssl", "root"],
  () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
    const at = (...names: string[]): string => join(folder, ...names);
    const env = { HOME: at("home"), CONTAINERS_REGISTRIES_CONF: at("registries.conf") };
    const store = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"];
    const platforms = { amd: "amd64", arm: "arm64" } as const;
    let registry: TestRegistry;
    let locked: TestRegistry;

    const run = (command: string, ...args: readonly string[]) =>
      dray(["manifest", command, ...store, ...args], { env });
    const ok = async (command: string, ...args: readonly string[]): Promise<string> => {
      const { status, stdout, stderr } = await run(command, ...args);
      expect({ command, args, status, stderr }).toEqual({ command, args, status: 0, stderr: "" });
      return stdout;
    };
    const raw = async (image: string): Promise<{ mediaType: string; manifests: readonly Entry[] }> =>
      JSON.parse((await skopeo(["inspect", "--tls-verify=false", "--raw", image])).stdout);
    const document = async (repository: string, reference: string): Promise<Record<string, unknown>> => {
      const accept = [mediaTypes.ociManifest, mediaTypes.ociIndex].join(", ");
      const response = await fetch(`${registry.url}/v2/${repository}/manifests/${reference}`, {
        headers: { accept },
      });
      return (await response.json()) as Record<string, unknown>;
    };
    const layerTypes = async (repository: string, { digest }: Entry): Promise<readonly string[]> => {
      const { layers } = (await document(repository, digest)) as { layers: { mediaType: string }[] };
      return layers.map(({ mediaType }) => mediaType);
    };

    beforeAll(async () => {
      [registry, locked] = await Promise.all([
        startRegistry(),
        startRegistry({ htpasswd: { me: "secret" } }),
      ]);
      mkdirSync(at("home"), { recursive: true });
      writeFileSync(at("registries.conf"), "");
      const oci = ociDir();
      for (const [name, architecture] of Object.entries(platforms)) {
        await using destination = await oci.openDestination(oci.parse(`${at("oci")}:${name}`));
        await writeImage(
          destination,
          await randomImage({ seed: name, platform: { os: "linux", architecture } }),
        );
      }
      const named = `containers-storage:[vfs@${at("root")}+${at("run")}]localhost/amd:latest`;
      expect((await dray(["copy", "-q", `oci:${at("oci")}:amd`, named], { env })).status).toBe(0);
      for (const credentials of [[], ["--dest-creds", "me:secret"]]) {
        const { host } = credentials.length === 0 ? registry : locked;
        const to = `docker://${host}/from/arm:1`;
        await skopeo(["copy", "--dest-tls-verify=false", ...credentials, `oci:${at("oci")}:arm`, to]);
      }
    }, 90_000);
    afterAll(async () => {
      await Promise.all([registry.stop(), locked.stop()]);
      rmSync(folder, { recursive: true, force: true });
    });

    it("get each image once more with --add-compression, which skopeo and podman read", async () => {
      await ok("create", "--tls-verify=false", "both", "amd", `docker://${registry.host}/from/arm:1`);
      const to = `docker://${registry.host}/to/both:1`;
      const push = ["--insecure", "--add-compression", "zstd", "--add-compression=gzip", "-q", "both", to];
      await ok("push", ...push);
      const { mediaType, manifests } = await raw(to);
      expect(mediaType).toBe(mediaTypes.ociIndex);
      const zstd = { "io.github.containers.compression.zstd": "true" };
      expect(manifests.map(({ platform, annotations }) => [platform?.architecture, annotations])).toEqual([
        ["amd64", undefined],
        ["arm64", undefined],
        ["amd64", zstd],
        ["arm64", zstd],
      ]);
      for (const [number, entry] of manifests.entries()) {
        const type = number < 2 ? mediaTypes.ociLayerGzip : mediaTypes.ociLayerZstd;
        expect(await layerTypes("to/both", entry)).toEqual([type, type]);
      }
      await skopeo(["copy", "--all", "--src-tls-verify=false", to, `oci:${at("checked")}:both`]);
      expect((await dray(["validate", `oci:${at("checked")}:both`], { env })).status).toBe(0);
      const { podman } = podmanStore(at("podman"));
      for (const { digest } of manifests.filter(({ platform }) => platform?.architecture === "arm64")) {
        const image = `${registry.host}/to/both@${digest}`;
        expect((await podman(["pull", "-q", "--tls-verify=false", image])).stdout).toMatch(
          /^[0-9a-f]{64}\n$/,
        );
      }
      // What is there is not made again.
      await ok("push", ...push, "--digestfile", at("digest"));
      const { stdout } = await skopeo(["inspect", "--tls-verify=false", "--raw", to]);
      expect(readFileSync(at("digest"), "utf8")).toBe(digestBytes(new TextEncoder().encode(stdout)));

      const alone = await run("push", "-q", "--all=false", "--add-compression", "zstd", "both", to);
      expect(alone.stderr).toContain("of which all images are copied");
      const docker = await run(
        "push",
        "-q",
        "--insecure",
        "--format=v2s2",
        "--add-compression=zstd",
        "both",
        to,
      );
      expect(docker.stderr).toContain("only OCI manifests can hold layers compressed with zstd");
    }, 120_000);

    it("are compressed as --compression-format says, what is there in another compression too unless =false", async () => {
      await ok("create", "--insecure", "format", `docker://${registry.host}/from/arm:1`);
      const to = `docker://${registry.host}/from/arm:index`;
      const types = async (): Promise<readonly string[]> => {
        const [entry] = (await raw(to)).manifests;
        return entry === undefined ? [] : layerTypes("from/arm", entry);
      };
      const zstd = ["-q", "--insecure", "--compression-format", "zstd", "--compression-level", "19"];
      await ok("push", ...zstd, "--force-compression=false", "format", to);
      expect(await types()).toEqual([mediaTypes.ociLayerGzip, mediaTypes.ociLayerGzip]);
      await ok("push", ...zstd, "format", to);
      expect(await types()).toEqual([mediaTypes.ociLayerZstd, mediaTypes.ociLayerZstd]);
      const without = await run("push", "-q", "--insecure", "--force-compression", "format", to);
      expect(without).toMatchObject({
        status: 1,
        stderr: "dray: --force-compression needs --compression-format\n",
      });
    }, 60_000);

    it("take buildah's other names of flags, and refuse to sign", async () => {
      await ok("create", "named", "amd");
      writeFileSync(at("reject.json"), '{"default":[{"type":"reject"}]}');
      const to = `oci:${at("named")}:x`;
      const refused = await run("push", "-q", "--signature-policy", at("reject.json"), "named", to);
      expect(refused.status).not.toBe(0);
      expect(refused.stderr).toMatch(/^dray: [^\n]*policy[^\n]*\n$/);
      const signed = await run("push", "--sign-by", "me", "named", to);
      expect(signed.stderr).toContain("--sign-by: signing is not supported yet");
      await ok("push", "-q", "--retry", "1", "--retry-delay", "1s", "named", to);
    }, 60_000);

    it("are logged in with --creds to where each command goes, or with --authfile", async () => {
      const from = `docker://${locked.host}/from/arm:1`;
      const anonymous = await run("create", "--insecure", "private", from);
      expect(anonymous.status).not.toBe(0);
      expect(anonymous.stderr).toMatch(/^dray: [^\n]*(log in|login)[^\n]*\n$/i);
      expect((await run("exists", "private")).status).toBe(1);
      await ok("create", "private");
      const wrong = await run("add", "--insecure", "--creds", "me:wrong", "private", from);
      expect(wrong.status).not.toBe(0);
      expect(wrong.stderr).not.toContain("wrong");
      await ok("add", "--insecure", "--creds", "me:secret", "private", from);
      // The login is for the destination: what it is to read it cannot.
      const to = `docker://${locked.host}/to/private:1`;
      const unread = await run("push", "-q", "--insecure", "--creds", "me:secret", "private", to);
      expect(unread.status).not.toBe(0);
      expect(unread.stderr).toMatch(/^dray: source: [^\n]+\n$/);
      const auth = Buffer.from("me:secret").toString("base64");
      writeFileSync(at("auth.json"), JSON.stringify({ auths: { [locked.host]: { auth } } }), { mode: 0o600 });
      const logins = ["--insecure", "--authfile", at("auth.json")];
      await ok("push", "-q", ...logins, "private", to);
      await ok("create", "--all", ...logins, "again", to);
      expect(JSON.parse(await ok("inspect", "again"))).toMatchObject({ manifests: [{}] });
      // Another registry's images, to where the login is for.
      await ok("create", "--insecure", "public", `docker://${registry.host}/from/arm:1`);
      const other = `docker://${locked.host}/to/public:1`;
      await ok("push", "-q", "--insecure", "--creds", "me:secret", "public", other);
      await skopeo(["inspect", "--tls-verify=false", "--creds", "me:secret", "--raw", other]);
    }, 90_000);

    it("are reached by HTTPS with the authority of --cert-dir", async () => {
      const { server, authority } = await testCertificates();
      await using secure = await startRegistry({ tls: server });
      mkdirSync(at("certs"));
      copyFileSync(authority.certificate, at("certs", "ca.crt"));
      const to = `docker://${secure.host}/to/secure:1`;
      await ok("create", "secure", "amd");
      const unknown = await run("push", "-q", "--retry", "0", "secure", to);
      expect(unknown.status).not.toBe(0);
      expect(unknown.stderr).toMatch(/^dray: [^\n]*certificate[^\n]*\n$/);
      await ok("push", "-q", "--cert-dir", at("certs"), "secure", to);
      await ok("push", "-q", "--tls-verify=false", "secure", to);
      const back = await run("create", "--retry-times", "0", "back", to);
      expect(back.status).not.toBe(0);
      await ok("create", "--cert-dir", at("certs"), "back", to);
    }, 60_000);

    it("have artifacts as their flags say, which refer to their subject where both are", async () => {
      await ok("create", "rich", "amd");
      const subject = JSON.parse(await ok("inspect", "rich")).manifests[0] as Entry;
      writeFileSync(at("note.txt"), "a note\n");
      writeFileSync(at("data.bin"), new Uint8Array([0, 1, 2]));
      writeFileSync(at("config.json"), '{"a":1}');
      await ok(
        "add",
        ...["--artifact", "--artifact-type", "application/x-notes", "--artifact-config", at("config.json")],
        ...["--artifact-config-type", "application/x-config", "--artifact-layer-type", "application/x-layer"],
        ...["--artifact-exclude-titles", "--artifact-subject", "amd"],
        ...[
          "--artifact-annotation",
          "k=v,l=w",
          "--annotation",
          "of=entry",
          "--os",
          "linux",
          "--arch",
          "amd64",
        ],
        ...["rich", at("note.txt"), at("data.bin")],
      );
      await ok("add", "--artifact", "rich", at("note.txt"), at("data.bin"));
      await ok(
        "push",
        "-q",
        "--insecure",
        "--add-compression",
        "zstd",
        "rich",
        `docker://${registry.host}/to/rich:1`,
      );
      const { manifests } = await raw(`docker://${registry.host}/to/rich:1`);
      expect(manifests.map(({ artifactType, annotations }) => [artifactType, annotations])).toEqual([
        [undefined, undefined],
        ["application/x-notes", { of: "entry" }],
        ["application/vnd.unknown.artifact.v1", undefined],
        [undefined, { "io.github.containers.compression.zstd": "true" }],
      ]);
      const sizes = { note: 7, data: 3, config: 7 };
      const digestOf = (name: string): Digest => digestBytes(readFileSync(at(name)));
      expect(await document("to/rich", manifests[1]?.digest ?? "")).toEqual({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        artifactType: "application/x-notes",
        config: { mediaType: "application/x-config", digest: digestOf("config.json"), size: sizes.config },
        layers: [
          { mediaType: "application/x-layer", digest: digestOf("note.txt"), size: sizes.note },
          { mediaType: "application/x-layer", digest: digestOf("data.bin"), size: sizes.data },
        ],
        subject: { mediaType: subject.mediaType, digest: subject.digest, size: expect.any(Number) },
        annotations: { k: "v", l: "w" },
      });
      const title = "org.opencontainers.image.title";
      expect(await document("to/rich", manifests[2]?.digest ?? "")).toMatchObject({
        config: { mediaType: "application/vnd.oci.empty.v1+json", size: 2, data: "e30=" },
        layers: [
          { mediaType: "text/plain", annotations: { [title]: "note.txt" } },
          { mediaType: "application/octet-stream", annotations: { [title]: "data.bin" } },
        ],
      });
      for (const [name, size] of [
        ["note.txt", sizes.note],
        ["config.json", sizes.config],
      ] as const) {
        const blob = await fetch(`${registry.url}/v2/to/rich/blobs/${digestOf(name)}`);
        expect((await blob.arrayBuffer()).byteLength).toBe(size);
      }
      // The registry has no API for referrers: a tag says who refers to the subject.
      const referrers = await document("to/rich", subject.digest.replace(":", "-"));
      expect(referrers.manifests).toEqual([
        expect.objectContaining({ digest: manifests[1]?.digest, artifactType: "application/x-notes" }),
      ]);
    }, 90_000);
  },
);
