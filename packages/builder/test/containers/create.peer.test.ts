import { writeFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRegistry } from "@drayage/transport";
import { dir } from "@drayage/transport-dir";
import { dockerArchive } from "@drayage/transport-docker-archive";
import { ociArchive } from "@drayage/transport-oci-archive";
import { ociDir } from "@drayage/transport-oci-dir";
import { describeWithPeers } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import {
  createWorkingContainer,
  listWorkingContainers,
  openWorkingContainer,
  removeWorkingContainers,
} from "../../src/index.ts";
import { type SharedStore, sharedStore, withoutChance } from "../support/shared-store.ts";

const registry = createRegistry([dir(), dockerArchive(), ociArchive(), ociDir()]);
for (const driver of ["vfs", "overlay"] as const) {
  describeWithPeers(`containers on ${driver}: beside buildah`, ["buildah", "podman", "root"], () => {
    /** Compares the last two containers, theirs and ours. */
    function expectAlike({ records, stateText }: SharedStore): void {
      const [theirs, ours] = records().slice(-2);
      if (theirs === undefined || ours === undefined) throw new Error("there are two containers");
      expect(withoutChance(JSON.stringify(ours), ours)).toBe(withoutChance(JSON.stringify(theirs), theirs));
      expect(withoutChance(stateText(ours.id), ours)).toBe(withoutChance(stateText(theirs.id), theirs));
    }

    async function baseImage(shared: SharedStore, format = "oci"): Promise<void> {
      const { buildah, at } = shared;
      const name = await buildah(["from", "--format", format, "scratch"]);
      writeFileSync(at("hello"), "hello");
      await buildah(["copy", name, at("hello"), "/hello"]);
      const config = [
        "--env",
        "A=1",
        "--label",
        "a=b",
        "--port",
        "80",
        "--volume",
        "/v",
        "--annotation",
        "k=v",
      ];
      await buildah(["config", ...config, "--shell", "/bin/ash -c", "--hostname", "base", name]);
      await buildah(["commit", "--quiet", "--format", format, name, "localhost:5000/me/base:1"]);
    }

    it("from scratch: record and buildah.json are the same, IDs and times aside", async () => {
      await using shared = await sharedStore(driver);
      for (const format of ["oci", "docker"] as const) {
        const name = await shared.buildah(["from", "--format", format, "scratch"]);
        const container = await createWorkingContainer(shared.store, { from: "scratch", format });
        expect(name).toBe(format === "oci" ? "working-container" : "working-container-2");
        expect(container.name).toBe(format === "oci" ? "working-container-1" : "working-container-3");
        expectAlike(shared);
      }
    });

    it("from an image of the store by name, short name, ID and beginning of the ID, and in both formats: the same", async () => {
      await using shared = await sharedStore(driver);
      const { buildah, store } = shared;
      for (const imageFormat of ["oci", "docker"]) {
        await baseImage(shared, imageFormat);
        const id = (await buildah(["images", "--quiet", "--no-trunc", "localhost:5000/me/base:1"])).slice(7);
        const texts = ["localhost:5000/me/base:1", "me/base:1", id, id.slice(0, 9), `sha256:${id}`];
        for (const from of texts) {
          // Each text once, the first in both formats.
          for (const format of from === texts[0] ? (["oci", "docker"] as const) : (["oci"] as const)) {
            await buildah(["from", "--pull-never", "--format", format, from]);
            const container = await createWorkingContainer(store, { from, format });
            expect(container.name).toMatch(/^localhost-working-container-\d+$/);
            expectAlike(shared);
          }
        }
      }
    }, 120_000);

    it("from folders and archives: the same names and records", async () => {
      await using shared = await sharedStore(driver);
      const { buildah, store, at } = shared;
      await baseImage(shared);
      const places = [
        `oci:${at("layout")}:tag`,
        `docker-archive:${at("docker.tar")}:app:7`,
        `oci-archive:${at("oci.tar")}:app`,
        `dir:${at("dir")}`,
      ];
      for (const place of places) {
        await buildah(["push", "--quiet", "localhost:5000/me/base:1", place]);
        const from = place.replace(/(docker\.tar|oci\.tar):.*/, "$1");
        await buildah(["from", "--quiet", from]);
        await createWorkingContainer(store, { from: await registry.resolve(from) });
        expectAlike(shared);
      }
    }, 120_000);

    it("how commands are to be run is written down alike", async () => {
      await using shared = await sharedStore(driver);
      const { buildah, store, at } = shared;
      await mkdir(at("data"));
      await buildah(["from", "scratch"]);
      const flags = [
        ...["--isolation", "chroot", "--cap-add", "net_raw,CAP_SYS_ADMIN", "--cap-drop", "CHOWN"],
        ...["--network", "none", "--ipc", "host", "--add-host", "a:10.0.0.1", "--add-host", "b:::1"],
        ...["--dns", "1.1.1.1", "--dns-option", "debug", "--dns-search", "x.org", "--cgroup-parent", "/cg"],
        ...["--cpu-period", "100", "--cpu-quota", "-1", "--cpu-shares", "5", "--cpuset-cpus", "0-1"],
        ...["--cpuset-mems", "0", "--memory", "64m", "--memory-swap", "-1", "--shm-size", "1m"],
        ...["--ulimit", "nofile=10:20", "--volume", `${at("data")}:/data:ro`, "--http-proxy=false"],
        ...[
          "--security-opt",
          "apparmor=p",
          "--security-opt",
          "label=disable",
          "--security-opt",
          "seccomp=/s.json",
        ],
        ...["--device", "/dev/null", "--device", "/dev/zero:/dev/nil:r"],
      ];
      await buildah(["from", ...flags, "scratch"]);
      await createWorkingContainer(store, {
        from: "scratch",
        runtime: {
          isolation: "chroot",
          capAdd: ["net_raw", "CAP_SYS_ADMIN"],
          capDrop: ["CHOWN"],
          network: "none",
          ipc: "host",
          addHosts: ["a:10.0.0.1", "b:::1"],
          dns: ["1.1.1.1"],
          dnsOptions: ["debug"],
          dnsSearch: ["x.org"],
          cgroupParent: "/cg",
          cpuPeriod: 100,
          cpuQuota: -1,
          cpuShares: 5,
          cpusetCpus: "0-1",
          cpusetMems: "0",
          memory: 64 << 20,
          memorySwap: -1,
          shmSize: "1m",
          ulimits: ["nofile=10:20"],
          volumes: [`${at("data")}:/data:ro`],
          httpProxy: false,
          securityOptions: ["apparmor=p", "label=disable", "seccomp=/s.json"],
          devices: ["/dev/null", "/dev/zero:/dev/nil:r"],
        },
      });
      expectAlike(shared);
      await buildah(["from", "--cap-add", "all", "--network", "host", "scratch"]);
      await createWorkingContainer(store, {
        from: "scratch",
        runtime: { capAdd: ["all"], network: "host" },
      });
      expectAlike(shared);
    }, 120_000);

    it("a container that we begin is changed, filled and committed by buildah, and one of buildah's by us", async () => {
      await using shared = await sharedStore(driver);
      const { buildah, store } = shared;
      await baseImage(shared);
      const ours = await createWorkingContainer(store, { from: "me/base:1", name: "ours" });
      await ours.config({ env: ["B=$A-2"], labels: ["by=us"] });
      await buildah(["config", "--env", "C=$B", "--user", "7", "ours"]);
      const mounted = await buildah(["mount", "ours"]);
      await writeFile(join(mounted, "more"), "more");
      await ours.refresh();
      expect(ours.state.mountPoint).toBe(mounted);
      await ours.unmount();
      expect(ours.state.mountPoint).toBeUndefined();
      expect(await buildah(["mount"])).toBe("");
      await ours.config({ workingDir: "/w" });
      await buildah(["commit", "--quiet", "ours", "localhost/from-ours"]);
      const format = "{{.OCIv1.Config.Env}} {{.OCIv1.Config.User}} {{.OCIv1.Config.WorkingDir}}";
      expect(await buildah(["inspect", "--type", "image", "--format", format, "localhost/from-ours"])).toBe(
        "[A=1 B=1-2 C=1-2] 7 /w",
      );

      const name = await buildah(["from", "--name", "theirs", "localhost/from-ours"]);
      const theirs = await openWorkingContainer(store, name);
      const folder = await theirs.mount();
      expect(await readFile(join(folder, "more"), "utf8")).toBe("more");
      expect(await buildah(["mount"])).toBe(`theirs ${folder}`);
      await buildah(["umount", "theirs"]);
      await theirs.config({ cmd: "run me", addHistory: true });
      await theirs.rename("renamed");
      expect(await buildah(["inspect", "--format", "{{.Container}} {{.Docker.Config.Cmd}}", "renamed"])).toBe(
        "renamed [run me]",
      );
      const committed = await theirs.commit(undefined);
      const image = await buildah(["inspect", "--type", "image", "--format", format, committed.id]);
      expect(image).toBe("[A=1 B=1-2 C=1-2] 7 /w");

      expect(await listWorkingContainers(store)).toMatchObject([
        { name: "working-container", builder: true, imageName: "scratch" },
        { name: "ours", imageName: "localhost:5000/me/base:1" },
        { name: "renamed", imageName: "localhost/from-ours:latest" },
      ]);
      expect((await removeWorkingContainers(store)).length).toBe(3);
      expect(await buildah(["containers", "--quiet"])).toBe("");
    }, 120_000);

    it("triggers of the base are carried out as buildah carries them out", async () => {
      await using shared = await sharedStore(driver);
      const { buildah, store, at } = shared;
      const name = await buildah(["from", "--format", "docker", "scratch"]);
      writeFileSync(at("hello"), "hello");
      const triggers = [
        ...[
          "ENV A=1",
          "ENV B=$A",
          "LABEL x=y",
          "LABEL gone",
          "USER 7",
          "EXPOSE 80",
          "CMD a b",
          "ENTRYPOINT e",
        ],
        ...["VOLUME /v", "STOPSIGNAL 9", "SHELL /bin/ash -c", "MAINTAINER me", "WORKINGDIR /w", "HOSTNAME h"],
        ...["ANNOTATION k=v", `COPY ${at("hello")} /new/hello`, "ONBUILD ENV C=3"],
      ];
      await buildah([
        "config",
        "--label",
        "gone=1",
        ...triggers.flatMap((each) => ["--onbuild", each]),
        name,
      ]);
      await buildah(["commit", "--quiet", "--format", "docker", name, "localhost/triggers"]);
      for (const format of ["oci", "docker"] as const) {
        await buildah(["from", "--quiet", "--format", format, "localhost/triggers"]);
        const steps: string[] = [];
        const onStep = ({ text }: { readonly text: string }): void => void steps.push(text);
        const container = await createWorkingContainer(store, {
          from: "localhost/triggers",
          format,
          onStep,
          // buildah's triggers reach everything.
          contextDir: "/",
        });
        expect(steps).toEqual(triggers);
        expectAlike(shared);
        expect(await readFile(join(await container.mount(), "new", "hello"), "utf8")).toBe("hello");
        await container.unmount();
      }
      // The base names a file of the machine, which is none of the folder.
      await mkdir(at("empty"));
      await expect(
        createWorkingContainer(store, { from: "localhost/triggers", contextDir: at("empty") }),
      ).rejects.toMatchObject({ code: "ERR_DRAYAGE_FILE_NOT_FOUND" });
    }, 120_000);

    it("files are added, and their history is buildah's", async () => {
      await using shared = await sharedStore(driver);
      const { buildah, store, records, at } = shared;
      await mkdir(at("tree"));
      await writeFile(at("tree", "a"), "a");
      await writeFile(at("tree", "b"), "b");
      await buildah(["from", "scratch"]);
      const { id } = records().at(-1) ?? { id: "" };
      const container = await createWorkingContainer(store, {
        from: "scratch",
      });
      for (const sources of [[at("tree")], [at("tree", "a")], [at("tree", "a"), at("tree", "b")]]) {
        for (const instruction of ["add", "copy"] as const) {
          const printed = await buildah([instruction, "--add-history", id, ...sources, "/to/"]);
          const added = await container[instruction](sources, "/to/", { addHistory: true });
          expect(added.digest).toBe(`sha256:${printed}`);
        }
      }
      expectAlike(shared);
      await buildah(["config", "--workingdir", "/to", id]);
      await container.config({ workingDir: "/to" });
      const from = await createWorkingContainer(store, { from: "scratch", name: "other" });
      await from.copy(["/to/a"], "inner/", { from: container.name });
      expect(await readFile(join(await from.mount(), "inner", "a"), "utf8")).toBe("a");
      await from.unmount();
    }, 120_000);

    it("an architecture has its usual name in inspect and in both configs, whoever changed it", async () => {
      await using shared = await sharedStore(driver);
      const container = await createWorkingContainer(shared.store, { from: "scratch" });
      const format =
        "{{.OCIv1.Architecture}}/{{.OCIv1.Variant}} {{.Docker.Architecture}}/{{.Docker.Variant}}";
      const theirs = () => shared.buildah(["inspect", "--format", format, container.name]);
      const ours = (): string =>
        [container.state.image.oci, container.state.image.docker]
          .map(({ architecture, variant = "" }) => `${architecture}/${variant}`)
          .join(" ");
      await container.config({ architecture: "armhf" });
      expect([await theirs(), ours()]).toEqual(["arm/v7 arm/v7", "arm/v7 arm/v7"]);
      await shared.buildah(["config", "--arch", "x86_64", "--variant", "", container.name]);
      await container.refresh();
      expect([await theirs(), ours()]).toEqual(["amd64/ amd64/", "amd64/ amd64/"]);
    });

    it("what inspect tells is what buildah's tells, of containers and images", async () => {
      await using shared = await sharedStore(driver);
      const { buildah, store } = shared;
      await baseImage(shared, "docker");
      const container = await createWorkingContainer(store, { from: "me/base:1", format: "docker" });
      await container.config({ user: "x", addHistory: true, healthcheck: { test: "CMD a" } });
      const { encodeInspection, stateOfImage } = await import("../../src/index.ts");
      const compact = (text: string): string => JSON.stringify(JSON.parse(text));
      const ours = Buffer.from(encodeInspection(container.state)).toString();
      expect(compact(ours)).toBe(compact(await buildah(["inspect", container.name])));
      const image = Buffer.from(encodeInspection(await stateOfImage(store, "me/base:1"))).toString();
      const theirs = await buildah(["inspect", "--type", "image", "me/base:1"]);
      const madeUp = /"Hostname":"[0-9a-f]{12}"/g;
      expect(compact(image).replace(madeUp, "")).toBe(compact(theirs).replace(madeUp, ""));
    }, 120_000);

    it("podman's container is taken over as buildah takes it over, and listed with all", async () => {
      await using shared = await sharedStore(driver);
      const { buildah, podman, store, records, stateText } = shared;
      await baseImage(shared);
      await podman(["create", "--name", "p1", "localhost:5000/me/base:1", "/hello"]);
      await podman(["create", "--name", "p2", "localhost:5000/me/base:1", "/hello"]);
      const listed = await listWorkingContainers(store, { all: true });
      expect(listed.map(({ name, builder }) => [name, builder])).toEqual([
        ["working-container", true],
        ["p1", false],
        ["p2", false],
      ]);
      await expect(openWorkingContainer(store, "p2", { import: false })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_CONTAINER_UNSUPPORTED",
      });
      await buildah(["config", "--user", "7", "p1"]);
      const ours = await openWorkingContainer(store, "p2");
      await ours.config({ user: "7" });
      const [p1, p2] = records().slice(-2);
      if (p1 === undefined || p2 === undefined) throw new Error("there are two containers");
      expect(withoutChance(stateText(p2.id), p2)).toBe(withoutChance(stateText(p1.id), p1));
    }, 120_000);
  });
}
