import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { bytesBlob } from "@drayage/blob";
import { noLayerCache } from "@drayage/build-context";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { readTar, writeTar } from "@drayage/tar";
import type { Location } from "@drayage/transport";
import dir from "@drayage/transport-dir";
import { docker } from "@drayage/transport-docker";
import ociDir from "@drayage/transport-oci-dir";
import { describeWithPeers, run, skopeo } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommitOptions, LinkedLayer } from "../../src/builder.ts";
import { commitContainer } from "../../src/commit/commit-container.ts";
import { firstFiles, openWorkshop, type Workshop } from "./workshop.ts";

const epoch = new Date(1_600_000_000_000);
const created = "2020-09-13T12:26:40Z";
const common: CommitOptions = {
  identityLabel: false,
  containerIdentity: true,
  compression: { format: "none" },
  layerCache: noLayerCache,
  env: {},
  timestamp: epoch,
};

interface Config {
  readonly created: string;
  readonly parent?: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly rootfs: { readonly diff_ids: readonly string[] };
  readonly history: readonly Readonly<Record<string, unknown>>[];
}

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly mediaType: string; readonly digest: string; readonly size: number }[];
  readonly annotations?: Readonly<Record<string, string>>;
}

async function tarOf(name: string, content: string, seconds = 1_500_000_000): Promise<Uint8Array> {
  const header = { name, mode: 0o644, mtime: { seconds, nanoseconds: 0 } };
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar([{ header, body: Buffer.from(content) }]))
    chunks.push(new Uint8Array(chunk));
  return Buffer.concat(chunks);
}

async function timesOf(tar: Uint8Array): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  for await (const { header } of readTar([tar])) times.set(header.name, header.mtime.seconds);
  return times;
}

describeWithPeers(
  "what a commit can be told",
  ["buildah", "skopeo", "umoci", "root"],
  ({ buildah, umoci }) => {
    let workshop: Workshop;
    let baseDiffId: string;
    beforeAll(async () => {
      workshop = await openWorkshop("overlay", buildah);
      const { buildah: tool, edit, at } = workshop;
      await tool(["from", "--name", "first", "scratch"]);
      await edit("first", firstFiles);
      const set = ["--env", "FOO=bar", "--env", "PATH=/bin", "--label", "kept=1", "--label", "gone=2"];
      await tool([
        "config",
        ...set,
        "--cmd",
        "run",
        "--annotation",
        "from.base=yes",
        "--user",
        "me",
        "first",
      ]);
      await tool([
        "commit",
        "--quiet",
        "--identity-label=false",
        "--timestamp",
        "0",
        "first",
        "localhost/base:1",
      ]);
      await tool(["commit", "--quiet", "--omit-history", "first", "localhost/no-history:1"]);
      await tool(["from", "--name", "work", "localhost/base:1"]);
      await edit("work", (root) => {
        for (const [name, seconds] of [
          ["old", 1_400_000_000.25],
          ["new", 1_700_000_000.75],
        ] as const) {
          writeFileSync(join(root, name), name);
          utimesSync(join(root, name), seconds, seconds);
        }
      });
      const image = (await workshop.store.read()).image("localhost/base:1");
      baseDiffId = (await workshop.store.read()).layer(image.layer ?? "").diffDigest ?? "";
      mkdirSync(at("out"));
    }, 120_000);
    afterAll(() => workshop[Symbol.asyncDispose]());

    let count = 0;
    function folder(): string {
      count += 1;
      return workshop.at("out", String(count));
    }

    const at = (transport: Location["transport"], text: string): Location => ({
      transport,
      reference: transport.parse(text),
      text,
    });

    function readFolder(path: string) {
      const manifest = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as Manifest;
      const blob = (digest: string): Uint8Array => readFileSync(join(path, digest.slice("sha256:".length)));
      const config = JSON.parse(Buffer.from(blob(manifest.config.digest)).toString()) as Config;
      return { manifest, config, blob };
    }

    async function commit(options: CommitOptions, container = "work") {
      const path = folder();
      const { store, state } = workshop;
      const committed = await commitContainer(store, await state(container), at(dir, path), {
        ...common,
        ...options,
      });
      return { committed, ...readFolder(path) };
    }

    const asBuildah = async (container: string, flags: readonly string[]) => {
      const path = folder();
      const fixed = ["--quiet", "--identity-label=false", "--disable-compression"];
      await workshop.buildah(["commit", ...fixed, ...flags, container, `dir:${path}`]);
      return readFolder(path);
    };

    describe("changes of what the image says", () => {
      it("lines of a Dockerfile change this image and not the container", async () => {
        const before = await workshop.state("work");
        const { config } = await commit({
          changes: [
            "ENV FOO=baz NEW=$PATH:/sbin",
            'ENTRYPOINT ["/entry"]',
            "CMD run it",
            "EXPOSE 80/udp 443",
            "LABEL added=3",
            "USER you",
            "VOLUME /data",
            "WORKDIR relative",
            "STOPSIGNAL SIGQUIT",
          ],
        });
        expect(config.config).toEqual({
          User: "you",
          ExposedPorts: { "443/tcp": {}, "80/udp": {} },
          Env: expect.arrayContaining(["FOO=baz", "PATH=/bin", "NEW=/bin:/sbin"]),
          Entrypoint: ["/entry"],
          Cmd: ["/bin/sh", "-c", "run it"],
          Volumes: { "/data": {} },
          WorkingDir: "/relative",
          Labels: { kept: "1", gone: "2", added: "3" },
          StopSignal: "SIGQUIT",
        });
        expect(await workshop.state("work")).toEqual(before);
      });

      it("a line that is none is refused, and nothing is written", async () => {
        const { store, state } = workshop;
        const path = folder();
        for (const line of ["RUN rm -rf /", "NOTHING at all", "ENV", "CMD", "USER", "LABEL"]) {
          const refused = commitContainer(store, await state("work"), at(dir, path), {
            ...common,
            changes: [line],
          });
          await expect(refused, line).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
        }
        expect(() => statSync(path)).toThrow("ENOENT");
      });

      it("an override replaces what it has, adds to what has names, and takes command and entry point together", async () => {
        const given = {
          User: "other",
          Env: ["FOO=given", "MORE=1"],
          Labels: { added: "x" },
          ExposedPorts: { "1/tcp": {} },
          Entrypoint: ["/only"],
          Hostname: "ignored-by-oci",
          OnBuild: ["RUN true"],
        };
        const configOverride = Buffer.from(JSON.stringify(given));
        const { config } = await commit({ configOverride });
        expect(config.config).toEqual({
          User: "other",
          ExposedPorts: { "1/tcp": {} },
          Env: ["FOO=given", "PATH=/bin", "MORE=1"],
          Entrypoint: ["/only"],
          Labels: { kept: "1", gone: "2", added: "x" },
        });
        const inDocker = await commit({ configOverride, format: "docker" });
        expect(inDocker.config.config).toMatchObject({
          Hostname: "ignored-by-oci",
          OnBuild: ["RUN true"],
          Cmd: [],
        });
        const { store, state } = workshop;
        for (const bad of ["", "[]", "{", '{"Env":"A=1"}']) {
          const options = { ...common, configOverride: Buffer.from(bad) };
          const refused = commitContainer(store, await state("work"), at(dir, folder()), options);
          await expect(refused, bad).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_DRAYAGE_/) });
        }
      });

      it("variables and labels are taken away, as buildah takes variables", async () => {
        const { config } = await commit({ unsetEnv: ["FOO", "ABSENT"], unsetLabels: ["gone", "absent"] });
        expect(config.config.Env).toEqual(["PATH=/bin"]);
        expect(config.config.Labels).toEqual({ kept: "1" });
        const theirs = await asBuildah("work", [
          "--timestamp",
          "1600000000",
          "--unsetenv",
          "FOO",
          "--unsetenv",
          "ABSENT",
        ]);
        expect(config.config.Env).toEqual(theirs.config.config.Env);
      });

      it("annotations are set, and taken away; those of the base say what it is", async () => {
        const annotations = ["a=b=c", "ends-", "empty="];
        const { manifest } = await commit({ annotations, unsetAnnotations: ["from.base"] });
        const base = (await workshop.state("work")).fromImageDigest;
        expect(manifest.annotations).toEqual({
          a: "b=c",
          "ends-": "",
          empty: "",
          "org.opencontainers.image.base.digest": base,
          "org.opencontainers.image.base.name": "localhost/base:1",
        });
        const none = await commit({ annotations, format: "docker" });
        expect(none.manifest.annotations).toBeUndefined();
      });

      it("an annotation says when it was made where that is wanted; what is set or unset by name counts more", async () => {
        const name = "org.opencontainers.image.created";
        const createdOf = async (options: CommitOptions): Promise<string | undefined> =>
          (await commit(options)).manifest.annotations?.[name];
        expect(await createdOf({})).toBeUndefined();
        expect(await createdOf({ createdAnnotation: true })).toBe(created);
        const source = { timestamp: undefined, sourceDateEpoch: new Date(7000) };
        expect(await createdOf({ ...source, createdAnnotation: true })).toBe("1970-01-01T00:00:07Z");
        expect(await createdOf({ createdAnnotation: true, unsetAnnotations: [name] })).toBeUndefined();
        const annotations = [`${name}=said`];
        expect(await createdOf({ createdAnnotation: true, annotations })).toBe("said");
        expect(await createdOf({ createdAnnotation: false, annotations })).toBe("said");
        expect(await createdOf({ unsetAnnotations: [name], annotations })).toBe("said");
        expect(await createdOf({ createdAnnotation: true, format: "docker" })).toBeUndefined();
        const { store, state } = workshop;
        const inherited = { ...(await state("work")), annotations: { [name]: "of the base" } };
        for (const [createdAnnotation, wanted] of [
          [undefined, "of the base"],
          [true, created],
          [false, undefined],
        ] as const) {
          const path = folder();
          await commitContainer(store, inherited, at(dir, path), { ...common, createdAnnotation });
          const manifest = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as Manifest;
          expect(manifest.annotations?.[name]).toBe(wanted);
        }
      });

      it("the label of who built it is there unless a time is given, or it is not wanted", async () => {
        const labels = async (options: CommitOptions): Promise<unknown> =>
          (await commit({ timestamp: undefined, identityLabel: undefined, ...options })).config.config.Labels;
        const plain = { kept: "1", gone: "2" };
        expect(await labels({})).toEqual({ ...plain, "io.buildah.version": "drayage" });
        expect(await labels({ timestamp: epoch })).toEqual(plain);
        expect(await labels({ env: { SOURCE_DATE_EPOCH: "1" } })).toEqual(plain);
        expect(await labels({ identityLabel: false })).toEqual(plain);
      });
    });

    describe("history and layers", () => {
      const own = { created, created_by: "/bin/sh", comment: "FROM localhost/base:1" };
      const base = { created: "1970-01-01T00:00:00Z", created_by: "/bin/sh" };

      it("the comment of the history stands in front of the base's name", async () => {
        const { config } = await commit({ historyComment: "said: " });
        expect(config.history).toEqual([base, { ...own, comment: "said: FROM localhost/base:1" }]);
      });

      it("docker's config names its base, unless it is not to", async () => {
        const { fromImageId } = await workshop.state("work");
        const docker: CommitOptions = { format: "docker" };
        expect((await commit(docker)).config.parent).toBe(`sha256:${fromImageId}`);
        expect((await commit({ ...docker, parent: false })).config.parent).toBeUndefined();
        expect((await commit({ ...docker, squash: true })).config.parent).toBeUndefined();
        expect((await commit({ ...docker, omitHistory: true })).config.parent).toBeUndefined();
        expect((await asBuildah("work", ["--format", "docker"])).config.parent).toBe(`sha256:${fromImageId}`);
      });

      it("an empty layer leaves the base's layers, and says so", async () => {
        const { config, committed } = await commit({ emptyLayer: true });
        expect(config.rootfs.diff_ids).toEqual([baseDiffId]);
        expect(committed.diffIds).toEqual([baseDiffId]);
        expect(config.history).toEqual([base, { ...own, empty_layer: true }]);
      });

      it("entries and layers that are given come before and behind the container's own", async () => {
        const linked = async (name: string): Promise<LinkedLayer> => ({
          blob: bytesBlob(await tarOf(name, name)),
          history: { created, created_by: name },
        });
        const empty = (name: string) => ({ created, created_by: name });
        const options: CommitOptions = {
          prependedLayers: [await linked("layer before")],
          appendedLayers: [await linked("layer behind")],
          prependedEmptyLayers: [empty("before")],
          appendedEmptyLayers: [empty("behind")],
          timestamp: undefined,
          sourceDateEpoch: epoch,
        };
        for (const format of ["oci", "docker"] as const) {
          const { config, committed } = await commit({ ...options, format });
          expect(config.history).toEqual([
            base,
            { ...empty("before"), empty_layer: true },
            empty("layer before"),
            own,
            { ...empty("behind"), empty_layer: true },
            empty("layer behind"),
          ]);
          const [first, before, , behind, ...others] = committed.diffIds;
          expect([first, before, behind, others]).toEqual([
            baseDiffId,
            digestBytes(await tarOf("layer before", "layer before")),
            digestBytes(await tarOf("layer behind", "layer behind")),
            [],
          ]);
        }
        const { store, state } = workshop;
        const refused = commitContainer(store, await state("work"), at(dir, folder()), {
          ...common,
          squash: true,
          appendedLayers: options.appendedLayers,
        });
        await expect(refused).rejects.toThrow(
          "can't add prebuilt layers and produce an image with only one layer",
        );
      });

      it.each(["oci", "docker"] as const)(
        "a history of %s alone that tells of other layers is refused",
        async (which) => {
          const { store, state } = workshop;
          const work = await state("work");
          const { [which]: wrong } = work.image;
          const history = [...(wrong.history ?? []), { created_by: "another" }];
          const broken = { ...work, image: { ...work.image, [which]: { ...wrong, history } } };
          for (const format of ["oci", "docker"] as const) {
            const path = folder();
            const refused = commitContainer(store, broken, at(dir, path), { ...common, format });
            await expect(refused).rejects.toMatchObject({
              code: "ERR_DRAYAGE_CONFIG_INVALID",
              message: "history lists 3 non-empty layers, but we have 2 layers on disk",
            });
            expect(() => statSync(path)).toThrow("ENOENT");
            // Both ways out that the hint names.
            for (const way of [{ omitHistory: true }, { squash: true }]) {
              const options = { ...common, ...way, format };
              const { diffIds } = await commitContainer(store, broken, at(dir, folder()), options);
              expect(diffIds).toHaveLength("squash" in way ? 1 : 2);
            }
          }
        },
      );

      it.each(["oci", "docker"] as const)(
        "upon a base without a history: as buildah commits, %s",
        async (format) => {
          const name = `no-history-${format}`;
          await workshop.buildah(["from", "--name", name, "localhost/no-history:1"]);
          await workshop.edit(name, (root) => writeFileSync(join(root, "more"), "more"));
          const flags = ["--timestamp", "1600000000", "--format", format];
          const theirs = await asBuildah(name, flags);
          const ours = await commit({ format }, name);
          expect(ours.config).toEqual(theirs.config);
          expect(ours.manifest).toEqual(theirs.manifest);
        },
      );
    });

    describe("times", () => {
      it("without any, files keep theirs, and layers are those of buildah", async () => {
        const theirs = await asBuildah("work", []);
        const ours = await commit({ timestamp: undefined });
        expect(ours.config.rootfs).toEqual(theirs.config.rootfs);
        const [, layer] = ours.manifest.layers;
        expect(Object.fromEntries(await timesOf(ours.blob(layer?.digest ?? "")))).toMatchObject({
          new: 1_700_000_000,
          old: 1_400_000_000,
        });
        const squashed = {
          theirs: await asBuildah("work", ["--squash"]),
          ours: await commit({ timestamp: undefined, squash: true }),
        };
        expect(squashed.ours.config.rootfs).toEqual(squashed.theirs.config.rootfs);
      });

      const fileTimes = async (options: CommitOptions): Promise<readonly [string, number, number]> => {
        const { config, manifest, blob } = await commit({ timestamp: undefined, ...options });
        const times = await timesOf(blob(manifest.layers[1]?.digest ?? ""));
        return [config.created, times.get("old") ?? -1, times.get("new") ?? -1];
      };
      const seconds = 1_600_000_000;

      it("a timestamp is that of the image and of all files, whatever the environment says", async () => {
        const expected = [created, seconds, seconds];
        expect(await fileTimes({ timestamp: epoch })).toEqual(expected);
        expect(await fileTimes({ timestamp: epoch, env: { SOURCE_DATE_EPOCH: "1" } })).toEqual(expected);
      });

      it("SOURCE_DATE_EPOCH is that of the image, and no file is newer unless it may be", async () => {
        const env = { SOURCE_DATE_EPOCH: String(seconds) };
        expect(await fileTimes({ env })).toEqual([created, 1_400_000_000, seconds]);
        expect(await fileTimes({ env, rewriteTimestamp: false })).toEqual([
          created,
          1_400_000_000,
          1_700_000_000,
        ]);
        expect((await fileTimes({ env: { SOURCE_DATE_EPOCH: "" } }))[0]).not.toBe(created);
      });

      it("the option counts before the variable, and leaves files alone unless they are to be rewritten", async () => {
        const env = { SOURCE_DATE_EPOCH: "1" };
        const given = { env, sourceDateEpoch: epoch };
        expect(await fileTimes(given)).toEqual([created, 1_400_000_000, 1_700_000_000]);
        expect(await fileTimes({ ...given, rewriteTimestamp: true })).toEqual([
          created,
          1_400_000_000,
          seconds,
        ]);
      });

      it("what contradicts itself, or is no time, is refused", async () => {
        const { store, state } = workshop;
        const usage = { code: "ERR_DRAYAGE_USAGE" };
        const work = await state("work");
        const refused = (options: CommitOptions) =>
          commitContainer(store, work, at(dir, folder()), { ...common, ...options });
        await expect(refused({ sourceDateEpoch: epoch })).rejects.toMatchObject(usage);
        for (const text of ["yesterday", "-1", "1.5", "0x10", " 1", "99999999999999"]) {
          const env = { SOURCE_DATE_EPOCH: text };
          await expect(refused({ timestamp: undefined, env }), text).rejects.toMatchObject(usage);
        }
      });
    });

    describe("blobs", () => {
      it("are kept in a folder by their digests, compressed and not, and taken from there", async () => {
        const blobDirectory = workshop.at("blobs");
        const plain = await commit({ blobDirectory });
        const [base, layer] = plain.manifest.layers;
        expect(readdirSync(blobDirectory)).toEqual([layer?.digest]);
        const gzip = await commit({ blobDirectory, compression: { format: "gzip" } });
        const [, twin] = gzip.manifest.layers;
        expect(gzip.committed.diffIds).toEqual(plain.committed.diffIds);
        expect(new Set(readdirSync(blobDirectory))).toEqual(new Set([layer?.digest, twin?.digest]));
        const kept = (digest = ""): Uint8Array => readFileSync(join(blobDirectory, digest));
        expect(gunzipSync(kept(twin?.digest)).equals(kept(layer?.digest))).toBe(true);
        for (const one of [layer, twin]) expect(digestBytes(kept(one?.digest))).toBe(one?.digest);
        await commit({ blobDirectory });
        expect(readdirSync(blobDirectory)).toHaveLength(2);
        // A layer of the base is taken from there; one that is damaged is noticed, and another length is none.
        const path = join(blobDirectory, base?.digest ?? "");
        writeFileSync(path, new Uint8Array((base?.size ?? 0) - 1));
        expect((await commit({ blobDirectory })).manifest.layers).toEqual(plain.manifest.layers);
        writeFileSync(path, new Uint8Array(base?.size ?? 0));
        await expect(commit({ blobDirectory })).rejects.toMatchObject({
          code: "ERR_DRAYAGE_DIGEST_MISMATCH",
        });
      });

      it("zstd is for OCI, and skopeo reads it; docker has no name for it", async () => {
        const text = `${workshop.at("zstd")}:x`;
        const { store, state } = workshop;
        const options: CommitOptions = { ...common, compression: { format: "zstd" } };
        const { diffIds } = await commitContainer(store, await state("work"), at(ociDir, text), options);
        const { stdout } = await skopeo(["inspect", "--raw", `oci:${text}`]);
        const { layers } = JSON.parse(stdout) as Manifest;
        expect(layers.at(-1)?.mediaType).toBe(mediaTypes.ociLayerZstd);
        const read = workshop.at("zstd-read");
        await skopeo(["copy", "--quiet", "--dest-decompress", `oci:${text}`, `dir:${read}`]);
        expect(readFolder(read).manifest.layers.map(({ digest }) => digest)).toEqual(diffIds);
        const path = folder();
        const refused = commitContainer(store, await state("work"), at(dir, path), {
          ...options,
          format: "docker",
        });
        await expect(refused).rejects.toThrow("media type for zstd-compressed layers is not defined");
        expect(() => statSync(path)).toThrow("ENOENT");
      });

      it("umoci unpacks what was committed", async () => {
        const { store, state } = workshop;
        const layout = workshop.at("for-umoci");
        // It looks up users, and this one is not in the image.
        const options: CommitOptions = { ...common, compression: { format: "gzip" }, changes: ["USER 0"] };
        await commitContainer(store, await state("work"), at(ociDir, `${layout}:x`), options);
        await run(umoci, ["unpack", "--image", `${layout}:x`, workshop.at("bundle")]);
        const rootfs = workshop.at("bundle", "rootfs");
        expect(readFileSync(join(rootfs, "new"), "utf8")).toBe("new");
        expect(readFileSync(join(rootfs, "linked")).equals(Buffer.alloc(700_001, "large"))).toBe(true);
        expect(readdirSync(rootfs).sort()).toEqual(["etc", "large", "lib", "linked", "new", "old", "usr"]);
      });
    });

    it("registries that BUILD_REGISTRY_SOURCES does not allow are refused, as by buildah", async () => {
      const { store, state, buildah: tool } = workshop;
      const transport = docker();
      const text = "//example.invalid/a:1";
      const sources = [
        { allowedRegistries: ["other.invalid"] },
        { blockedRegistries: ["example.invalid"] },
        { allowedRegistries: ["example.invalid"], blockedRegistries: ["example.invalid"] },
      ];
      for (const one of sources) {
        const BUILD_REGISTRY_SOURCES = JSON.stringify(one);
        const refused = commitContainer(store, await state("work"), at(transport, text), {
          ...common,
          env: { BUILD_REGISTRY_SOURCES },
        });
        const words = 'commit to registry at "example.invalid" denied by policy';
        await expect(refused).rejects.toMatchObject({
          code: "ERR_DRAYAGE_DESTINATION_REFUSED",
          message: expect.stringContaining(words) as string,
        });
        const theirs = tool(["commit", "--quiet", "work", `docker:${text}`], { BUILD_REGISTRY_SOURCES });
        await expect(theirs).rejects.toThrow(words);
      }
      const broken = { ...common, env: { BUILD_REGISTRY_SOURCES: '{"allowedRegistries":"all"}' } };
      const malformed = commitContainer(store, await state("work"), at(transport, text), broken);
      await expect(malformed).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
      // What is no registry is nobody's business.
      const env = { BUILD_REGISTRY_SOURCES: '{"allowedRegistries":["other.invalid"]}' };
      expect((await commit({ env })).committed.diffIds).toHaveLength(2);
    });
  },
);
