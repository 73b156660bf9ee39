import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { encodeList, noContents, withImages } from "@drayage/composite";
import { digestBytes, parseDigest } from "@drayage/digest";
import { mediaTypes, type Platform } from "@drayage/manifest";
import { openStore } from "@drayage/storage";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { randomImage, randomIndex, writeImage } from "@drayage/testkit";
import { ociDir } from "@drayage/transport-oci-dir";
import {
  buildahStore,
  describeWithPeers,
  podmanStore,
  skopeo,
  startRegistry,
  type TestRegistry,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dray } from "./run-dray.ts";

const subject = {
  mediaType: mediaTypes.ociManifest,
  digest: digestBytes(new TextEncoder().encode("elsewhere")),
  size: 9,
  platform: { os: "linux", architecture: "mips" },
};

interface ImageJson {
  readonly id: string;
  readonly names?: readonly string[];
}

describeWithPeers(
  "manifest lists of dray, buildah and podman",
  ["buildah", "podman", "skopeo", "docker-registry", "root"],
  () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
    const at = (...names: string[]): string => join(folder, ...names);
    const { buildah } = buildahStore(folder);
    const { podman } = podmanStore(folder);
    const env = { HOME: at("home"), CONTAINERS_REGISTRIES_CONF: at("registries.conf") };
    const flags = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"];
    let registry: TestRegistry;

    const runDray = (args: readonly string[]) =>
      dray([args[0] ?? "", ...args.slice(1, 2), ...flags, ...args.slice(2)], { env });
    const ours = async (...args: readonly string[]): Promise<string> => {
      const ran = await runDray(["manifest", ...args]);
      expect({ args, status: ran.status, stderr: ran.stderr }).toEqual({ args, status: 0, stderr: "" });
      return ran.stdout;
    };
    const buildahs = async (...args: readonly string[]): Promise<string> =>
      (await buildah(["manifest", ...args])).stdout;
    const podmans = async (...args: readonly string[]): Promise<string> =>
      (await podman(["manifest", ...args])).stdout;

    const record = (name: string): ImageJson & Readonly<Record<string, unknown>> => {
      const images = JSON.parse(readFileSync(at("root", "vfs-images", "images.json"), "utf8")) as ImageJson[];
      const found = images.find(({ names }) => names?.includes(`localhost/${name}:latest`));
      if (found === undefined) throw new Error(`there is no list ${name}`);
      return { ...found };
    };
    /** The files of a list, its own id and name left out. */
    const files = (name: string): readonly string[] => {
      const { id } = record(name);
      return ["manifest", "instances.json"].map((file) =>
        readFileSync(at("root", "vfs-images", id, file), "utf8").replaceAll(id, "ID"),
      );
    };
    const digestOf = async (image: string): Promise<string> =>
      digestBytes(
        new TextEncoder().encode((await skopeo(["inspect", "--tls-verify=false", "--raw", image])).stdout),
      );

    beforeAll(async () => {
      registry = await startRegistry();
      mkdirSync(at("home"), { recursive: true });
      writeFileSync(at("registries.conf"), "");
      const oci = ociDir();
      const platforms: readonly (readonly [string, Platform])[] = [
        ["amd", { os: "linux", architecture: "amd64" }],
        ["arm", { os: "linux", architecture: "arm64", variant: "v8" }],
      ];
      for (const [name, platform] of platforms) {
        await using destination = await oci.openDestination(oci.parse(`${at("oci")}:${name}`));
        await writeImage(destination, await randomImage({ seed: name, platform }));
      }
      await using destination = await oci.openDestination(oci.parse(`${at("oci")}:both`));
      await writeImage(destination, await randomIndex({ seed: "both" }));
      for (const [name] of platforms) {
        const pulled = await dray(
          [
            "copy",
            "-q",
            `oci:${at("oci")}:${name}`,
            `containers-storage:[vfs@${at("root")}+${at("run")}]localhost/${name}:latest`,
          ],
          { env },
        );
        expect(pulled).toMatchObject({ status: 0, stderr: "" });
        await skopeo([
          "copy",
          "--dest-tls-verify=false",
          `oci:${at("oci")}:${name}`,
          `docker://${registry.host}/from/${name}:1`,
        ]);
      }
      await skopeo([
        "copy",
        "--all",
        "--dest-tls-verify=false",
        `oci:${at("oci")}:both`,
        `docker://${registry.host}/from/both:1`,
      ]);
    }, 90_000);
    afterAll(async () => {
      await registry.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it("are the same in the store after the same steps", async () => {
      const remote = (name: string): string => `docker://${registry.host}/from/${name}:1`;
      const armDigest = await digestOf(remote("arm"));
      const series: readonly (readonly string[])[] = [
        ["create", "LIST"],
        ["add", "LIST", "containers-storage:localhost/amd"],
        ["add", "--tls-verify=false", "LIST", remote("arm")],
        ["add", "--tls-verify=false", "--all", "LIST", remote("both")],
        [
          "annotate",
          "--annotation",
          "a=b,c=<d>",
          "--os-version",
          "10",
          "--os-features",
          "x,y",
          "LIST",
          armDigest,
        ],
        ["annotate", "--arch", "ppc64le", "--variant", "v9", "LIST", armDigest],
        ["add", "--tls-verify=false", "--arch", "arm64", "--variant", "v8", "LIST", remote("both")],
        ["remove", "LIST", armDigest],
      ];
      for (const step of series) {
        const step_ = (name: string) => step.map((word) => (word === "LIST" ? name : word));
        const printed = [await buildahs(...step_("theirs")), await ours(...step_("ours"))];
        expect(printed[1]?.replace(record("ours").id, "ID"), step.join(" ")).toBe(
          printed[0]?.replace(record("theirs").id, "ID"),
        );
        expect(files("ours"), step.join(" ")).toEqual(files("theirs"));
      }
      expect(await ours("inspect", "ours")).toBe(await buildahs("inspect", "theirs"));
      expect(await ours("inspect", "theirs")).toBe(await podmans("inspect", "ours"));
      const {
        id: _i,
        names: _n,
        created: _c,
        "names-history": _h,
        digest: _d,
        "big-data-digests": digests,
        ...mine
      } = record("ours");
      const {
        id: _i2,
        names: _n2,
        created: _c2,
        digest: _d2,
        "big-data-digests": theirDigests,
        ...theirs
      } = record("theirs");
      expect(mine).toEqual(theirs);
      expect((digests as Record<string, string>).manifest).toBe(
        (theirDigests as Record<string, string>).manifest,
      );
    }, 120_000);

    it("are made of several images at once as by buildah", async () => {
      const images = ["containers-storage:localhost/amd", `oci:${at("oci")}:arm`];
      await buildahs("create", "--all", "both-theirs", ...images);
      await ours("create", "--all", "both-ours", ...images);
      expect(files("both-ours")).toEqual(files("both-theirs"));
      // By its name alone an image of the store is kept by its ID.
      await buildahs("create", "short-theirs", "localhost/amd", images[1] ?? "");
      await ours("create", "short-ours", "amd", images[1] ?? "");
      expect(files("short-ours")).toEqual(files("short-theirs"));
      await buildahs("create", "--amend", "both-theirs", images[0] ?? "");
      await ours("create", "--amend", "both-ours", images[0] ?? "");
      expect(files("both-ours")).toEqual(files("both-theirs"));
    }, 60_000);

    it("are continued by each other", async () => {
      await ours("create", "turns", "amd");
      await podmans("add", "turns", `oci:${at("oci")}:arm`);
      await buildahs("add", "--all", "turns", `oci:${at("oci")}:both`);
      const inspected = JSON.parse(await ours("inspect", "turns")) as { manifests: { digest: string }[] };
      expect(inspected.manifests).toHaveLength(4);
      const [, second] = inspected.manifests;
      await ours("remove", "turns", second?.digest ?? "");
      expect(
        (JSON.parse(await podmans("inspect", "turns")) as { manifests: unknown[] }).manifests,
      ).toHaveLength(3);
    }, 60_000);

    it("are pushed as the same bytes, and with all images", async () => {
      const images = [`docker://${registry.host}/from/amd:1`, `docker://${registry.host}/from/both:1`];
      await buildahs("create", "push-theirs");
      await ours("create", "push-ours");
      for (const image of images) {
        await buildahs("add", "--tls-verify=false", "--all", "push-theirs", image);
        await ours("add", "--tls-verify=false", "--all", "push-ours", image);
      }
      const to = (name: string): string => `docker://${registry.host}/to/${name}:1`;
      await buildahs("push", "--all", "--tls-verify=false", "push-theirs", to("a"));
      await ours(
        "push",
        "-q",
        "--all",
        "--tls-verify=false",
        "--digestfile",
        at("digest"),
        "push-ours",
        to("b"),
      );
      expect(readFileSync(at("digest"), "utf8")).toBe(await digestOf(to("a")));
      // Each pushes the other's, too.
      await buildahs("push", "--all", "--tls-verify=false", "push-ours", to("c"));
      await ours("push", "-q", "--tls-verify=false", "push-theirs", to("d"));
      expect(new Set([await digestOf(to("b")), await digestOf(to("c")), await digestOf(to("d"))]).size).toBe(
        1,
      );
      await skopeo(["copy", "--all", "--src-tls-verify=false", to("d"), `oci:${at("checked")}:d`]);
    }, 90_000);

    it("are pushed alone where nothing else is wanted, and removed once they are pushed", async () => {
      await ours("create", "alone", `oci:${at("oci")}:arm`);
      const { id } = record("alone");
      const ran = await runDray([
        "manifest",
        "push",
        "-q",
        "--all=false",
        "--rm",
        "alone",
        `oci:${at("alone")}:x`,
      ]);
      // The layout would name an image that it lacks, which skopeo refuses, too, when it reads it.
      expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: "" });
      expect((await runDray(["manifest", "exists", "alone"])).status).toBe(1);
      expect((await runDray(["manifest", "exists", id])).status).toBe(1);
    }, 60_000);

    it("of images of the store are pushed so that skopeo, buildah and podman can take them", async () => {
      await ours("create", "stored", "amd", "arm");
      await ours("push", "-q", "--tls-verify=false", "stored", `docker://${registry.host}/to/stored:1`);
      await skopeo([
        "copy",
        "--all",
        "--src-tls-verify=false",
        `docker://${registry.host}/to/stored:1`,
        `oci:${at("checked")}:stored`,
      ]);
      await ours("push", "-q", "--format", "oci", "stored", `oci-archive:${at("stored.tar")}`);
      await skopeo(["copy", "--all", `oci-archive:${at("stored.tar")}`, `oci:${at("checked")}:archive`]);
      await ours(
        "push",
        "-q",
        "--format",
        "v2s2",
        "--tls-verify=false",
        "stored",
        `docker://${registry.host}/to/docker:1`,
      );
      const raw = await skopeo([
        "inspect",
        "--tls-verify=false",
        "--raw",
        `docker://${registry.host}/to/docker:1`,
      ]);
      expect(JSON.parse(raw.stdout)).toMatchObject({
        mediaType: "application/vnd.docker.distribution.manifest.list.v2+json",
      });
      // Into another store, as the image of this one would get docker's manifest.
      const other = podmanStore(at("other"));
      const pull = ["pull", "-q", "--tls-verify=false", "--arch", "arm64", `${registry.host}/to/docker:1`];
      expect((await other.podman(pull)).stdout).toMatch(/^[0-9a-f]{64}\n$/);
    }, 90_000);

    it("may have artifacts, subjects and lists in them, which are pushed", async () => {
      await ours("create", "inner", "amd");
      await ours("create", "--annotation", "org.example=x", "rich", "arm");
      await ours("add", "--nested", "rich", "inner");
      writeFileSync(at("sbom.json"), "{}\n");
      const added = await ours(
        ...["add", "--artifact", "--artifact-type", "application/spdx+json", "--artifact-subject", "arm"],
        ...["--artifact-annotation", "k=v", "--annotation", "about=it", "rich", at("sbom.json")],
      );
      await ours("annotate", "--subject", "amd", "--index", "--annotation", "more=y", "rich");
      const to = `docker://${registry.host}/to/rich:1`;
      await ours("push", "-q", "--tls-verify=false", "rich", to);
      const raw = JSON.parse((await skopeo(["inspect", "--tls-verify=false", "--raw", to])).stdout) as {
        annotations: object;
        subject: object;
        manifests: { mediaType: string; digest: string; artifactType?: string; annotations?: object }[];
      };
      expect(raw.annotations).toEqual({ more: "y", "org.example": "x" });
      expect(raw.subject).toMatchObject({ mediaType: "application/vnd.oci.image.manifest.v1+json" });
      expect(raw.manifests.map(({ mediaType }) => mediaType.replace(/^application\/vnd\./, ""))).toEqual([
        "oci.image.manifest.v1+json",
        "docker.distribution.manifest.list.v2+json",
        "oci.image.manifest.v1+json",
      ]);
      const artifact = raw.manifests[2];
      expect(artifact).toMatchObject({ artifactType: "application/spdx+json", annotations: { about: "it" } });
      expect(added).toBe(`${record("rich").id}: ${artifact?.digest}\n`);
      const pushed = await fetch(`${registry.url}/v2/to/rich/manifests/${artifact?.digest}`, {
        headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
      });
      expect(await pushed.json()).toMatchObject({
        annotations: { k: "v" },
        subject: { size: expect.any(Number) },
      });
      // By a file of it.
      expect(await ours("remove", "rich", at("sbom.json"))).toBe(added);
      expect(JSON.parse(await ours("inspect", "rich"))).toMatchObject({
        annotations: { more: "y" },
        subject: {},
      });
    }, 90_000);

    it("lose nothing where many add to one at the same time", async () => {
      const oci = ociDir();
      const names = Array.from({ length: 8 }, (_, number) => `many${number}`);
      for (const name of names) {
        await using destination = await oci.openDestination(oci.parse(`${at("oci")}:${name}`));
        await writeImage(destination, await randomImage({ seed: name, layers: 1 }));
      }
      await ours("create", "busy");
      await Promise.all(names.map((name) => ours("add", "busy", `oci:${at("oci")}:${name}`)));
      const { manifests } = JSON.parse(await ours("inspect", "busy")) as { manifests: unknown[] };
      expect(manifests).toHaveLength(names.length);
      const { id } = record("busy");
      const instances = JSON.parse(
        readFileSync(at("root", "vfs-images", id, "instances.json"), "utf8"),
      ) as object;
      expect(Object.keys(instances)).toHaveLength(names.length + 1);
    }, 60_000);

    it("are locked as podman locks them", async () => {
      await ours("create", "locked");
      const { id } = record("locked");
      await using store = await openStore({ graphRoot: at("root"), runRoot: at("run"), driver: vfsDriver() });
      const lock = await store.lockDigest(parseDigest(`sha256:${id}`));
      const waiting = podmans("add", "locked", `oci:${at("oci")}:arm`);
      // It reads the list once it has the lock: what is written until then is not lost.
      await setTimeout(1000);
      const { list, instances } = withImages(noContents, [subject], () => "oci:/nowhere");
      const bigData = [
        { key: "manifest", bytes: encodeList(list).bytes },
        {
          key: "instances.json",
          bytes: new TextEncoder().encode(JSON.stringify({ "": id, ...Object.fromEntries(instances) })),
        },
      ];
      await store.commitImage({ id, layers: [], bigData });
      await lock[Symbol.asyncDispose]();
      await waiting;
      const { manifests } = JSON.parse(await ours("inspect", "locked")) as {
        manifests: { digest: string }[];
      };
      expect(manifests.map(({ digest }) => digest)).toEqual([subject.digest, expect.any(String)]);
    }, 60_000);

    it("are refused and told of with the same statuses", async () => {
      await ours("create", "there");
      expect((await runDray(["manifest", "exists", "there"])).status).toBe(0);
      expect((await runDray(["manifest", "exists", "nothing"])).status).toBe(1);
      for (const args of [
        ["create", "there"],
        ["add", "nothing", "amd"],
        ["add", "amd", "arm"],
        ["remove", "there", `sha256:${"0".repeat(64)}`],
        ["annotate", "--os", "plan9", "there", `sha256:${"0".repeat(64)}`],
        ["rm", "amd"],
        ["push", "amd", `oci:${at("no")}`],
        ["inspect", "nothing/at:all"],
      ]) {
        expect((await buildah(["manifest", ...args], { mayFail: true })).code, args.join(" ")).not.toBe(0);
        const mine = await runDray(["manifest", ...args]);
        expect(mine.status, args.join(" ")).not.toBe(0);
        expect(mine.stdout, args.join(" ")).toBe("");
        expect(mine.stderr, args.join(" ")).toMatch(/^dray: [^\n]+\n$/);
      }
      expect(await ours("rm", "there")).toMatch(/^untagged: localhost\/there:latest\n[0-9a-f]{64}\n$/);
    }, 60_000);
  },
);
