import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { randomImage, randomIndex } from "@drayage/testkit";
import { realImage, realImageNeeds } from "@drayage-internal/fixtures";
import {
  describeWithPeers,
  registryTree,
  run,
  startDockerd,
  startRegistry,
  type TestDockerd,
  type TestRegistry,
  temporaryDirectory,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Identity, identityBySkopeo } from "../src/identity.ts";
import { registryFolder } from "../src/registry-folder.ts";
import { putSample } from "../src/samples.ts";
import { createUser, type TestUser } from "../src/user.ts";

const minutes = 60_000;
const tools = ["skopeo", "dray"] as const;
type Tool = (typeof tools)[number];

/** What is in a registry at first: `<repository>:1`. */
const samples = {
  "a docker image": "v2s2",
  "an OCI image": "oci",
  "a manifest list": "list",
  "an OCI index": "index",
} as const;

interface Document {
  readonly config: { readonly digest: string };
  readonly layers: readonly Record<string, unknown>[];
}

async function fill({ folder }: TestRegistry): Promise<void> {
  const store = registryFolder(folder);
  const put = async (repository: string, sample: Parameters<typeof putSample>[2]): Promise<void> =>
    putSample(store, { repository, tag: "1" }, sample);
  await put("v2s2", await randomImage({ seed: "matrix", format: "docker", layers: 3 }));
  await put("oci", await randomImage({ seed: "matrix", layers: 3 }));
  await put("list", await randomIndex({ seed: "matrix", format: "docker" }));
  await put("index", await randomIndex({ seed: "matrix" }));
}

/** The same line by both tools, dray called as skopeo is. */
async function byBoth(user: TestUser, lineOf: (tool: Tool) => readonly string[]): Promise<void> {
  for (const tool of tools) {
    const { code, stderr } = await (tool === "skopeo" ? user.skopeo : user.asSkopeo)(lineOf(tool));
    expect({ tool, code, stderr }).toEqual({ tool, code: 0, stderr: "" });
  }
}

describeWithPeers(
  "docker:// and local places, by skopeo and by dray",
  ["docker-registry", "skopeo", "tar"],
  () => {
    const folder = temporaryDirectory();
    let registry: TestRegistry;
    let user: TestUser;

    beforeAll(async () => {
      registry = await startRegistry();
      await fill(registry);
      user = createUser({ home: temporaryDirectory() });
      user.allowPlain(registry.host);
    });
    afterAll(() => registry.stop());

    const local = ["dir", "oci", "oci-archive", "docker-archive"] as const;
    const placeOf = (transport: (typeof local)[number], repository: string, tool: Tool): string => {
      const place = `${folder}/${repository}-${transport}-${tool}`;
      const name = { dir: "", oci: ":app", "oci-archive": ":app", "docker-archive": ":example.com/app:1" }[
        transport
      ];
      return `${transport}:${place}${name}`;
    };
    /** What was written, as a folder. */
    async function treeOf(reference: string): Promise<string> {
      const [transport = "", place = ""] = reference.split(":");
      if (transport !== "oci-archive") return place;
      mkdirSync(`${place}-tree`);
      await run("tar", ["-xf", place, "-C", `${place}-tree`]);
      return `${place}-tree`;
    }
    const manifestAt = (name: string): Document => {
      const [repository = "", tag = ""] = name.split(":");
      const digest = registryTree(registry.folder)[repository]?.tags[tag] ?? "";
      const hex = digest.slice("sha256:".length);
      const file = `${registry.folder}/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
      return JSON.parse(readFileSync(file, "utf8")) as Document;
    };

    describe.each(Object.entries(samples))("%s", (_, repository) => {
      const isIndex = repository === "list" || repository === "index";

      it.each(local)("goes to %s and back as skopeo has it", async (transport) => {
        const all = isIndex && transport !== "docker-archive" ? ["--all"] : [];
        await byBoth(user, (tool) => [
          ...["copy", "--quiet", ...all],
          ...[`docker://${registry.host}/${repository}:1`, placeOf(transport, repository, tool)],
        ]);
        const [theirs = "", ours = ""] = await Promise.all(
          tools.map((tool) => treeOf(placeOf(transport, repository, tool))),
        );
        await run("diff", ["-r", theirs, ours]);

        // What skopeo has written, so that both begin with the same.
        user.forgetBlobs();
        const back = (tool: Tool): string => `${tool}/${repository}-${transport}:1`;
        await byBoth(user, (tool) => [
          ...["copy", "--quiet", ...all],
          ...[placeOf(transport, repository, "skopeo"), `docker://${registry.host}/${back(tool)}`],
        ]);
        if (transport !== "docker-archive") {
          const tags = tools.map(
            (tool) => registryTree(registry.folder)[`${tool}/${repository}-${transport}`]?.tags,
          );
          expect(tags[1]).toEqual(tags[0]);
          return;
        }
        // Its layers are compressed on their way, by another encoder than Go's.
        const [expected, found] = tools.map((tool) => withoutBlobNames(manifestAt(back(tool))));
        expect(found).toEqual(expected);
        const { host } = registry;
        const [first, second] = tools.map((tool) =>
          identityBySkopeo(`docker://${host}/${back(tool)}`, { env: user.env }),
        );
        expect(await second).toEqual(await first);
      });
    });
  },
);

function withoutBlobNames({ layers, ...rest }: Document): unknown {
  return { ...rest, layers: layers.map(({ digest: _digest, size: _size, ...layer }) => layer) };
}

describeWithPeers(
  "docker:// and docker-daemon:, by skopeo and by dray",
  ["docker-registry", "skopeo", "dockerd", "root"],
  () => {
    let registry: TestRegistry;
    let daemon: TestDockerd;
    let user: TestUser;

    beforeAll(async () => {
      [registry, daemon] = await Promise.all([startRegistry(), startDockerd()]);
      await fill(registry);
      user = createUser({ home: temporaryDirectory() });
      user.allowPlain(registry.host);
    });
    afterAll(async () => {
      await Promise.all([registry.stop(), daemon.stop()]);
    });

    async function imageOf(name: string): Promise<{ readonly Id: string; readonly RootFS: unknown }> {
      const { Id, RootFS } = (await daemon.api(`/images/${name}/json`)).json() as {
        Id: string;
        RootFS: unknown;
      };
      return { Id, RootFS };
    }

    it.each(Object.entries(samples))("%s goes there and back as skopeo has it", async (_, repository) => {
      await byBoth(user, (tool) => [
        ...["copy", "--quiet", "--dest-daemon-host", daemon.host],
        ...[`docker://${registry.host}/${repository}:1`, `docker-daemon:${tool}/${repository}:1`],
      ]);
      const [theirs, ours] = await Promise.all(tools.map((tool) => imageOf(`${tool}/${repository}:1`)));
      expect(ours?.Id).toMatch(/^sha256:/);
      expect(ours).toEqual(theirs);

      const back = (tool: Tool): string => `docker://${registry.host}/${tool}/${repository}:1`;
      await byBoth(user, (tool) => [
        ...["copy", "--quiet", "--src-daemon-host", daemon.host],
        ...[`docker-daemon:skopeo/${repository}:1`, back(tool)],
      ]);
      const [expected, found] = await Promise.all(
        tools.map((tool) => identityBySkopeo(back(tool), { env: user.env })),
      );
      expect(found).toEqual(expected);
      expect(found?.config).toBe(ours?.Id);
      const raw = await Promise.all(tools.map((tool) => user.skopeo(["inspect", "--raw", back(tool)])));
      const [first, second] = raw.map(({ stdout }) => withoutBlobNames(JSON.parse(stdout) as Document));
      expect(second).toEqual(first);
    });
  },
);

describeWithPeers(
  "a real image of three layers and about 380 MB goes through a registry",
  [...realImageNeeds, "docker-registry", "skopeo", "dockerd"],
  () => {
    const folder = temporaryDirectory();
    let registry: TestRegistry;
    let daemon: TestDockerd;
    let user: TestUser;
    let first: string;
    let identity: Identity;

    beforeAll(async () => {
      const image = await realImage();
      first = `docker-archive:${image.path}:${image.name}`;
      [registry, daemon] = await Promise.all([startRegistry(), startDockerd()]);
      user = createUser({ home: temporaryDirectory() });
      user.allowPlain(registry.host);
      identity = await identityBySkopeo(first);
    }, 15 * minutes);
    afterAll(async () => {
      await Promise.all([registry?.stop(), daemon?.stop()]);
    });

    it(
      "between all places, and skopeo reads the same config and diffIDs at each",
      async () => {
        const host = ["--src-daemon-host", daemon.host, "--dest-daemon-host", daemon.host];
        const stations = [
          { dray: `dir:${folder}/directory`, skopeo: `dir:${folder}/directory` },
          { dray: `oci-dir:${folder}/layout:real`, skopeo: `oci:${folder}/layout:real` },
          { dray: `oci-archive:${folder}/oci.tar:real`, skopeo: `oci-archive:${folder}/oci.tar:real` },
          {
            dray: `docker-archive:${folder}/docker.tar:real:1`,
            skopeo: `docker-archive:${folder}/docker.tar:real:1`,
          },
          { dray: "docker-daemon:real:1", skopeo: undefined },
        ];
        let previous = first;
        for (const [number, station] of stations.entries()) {
          const image = `docker://${registry.host}/real-${number}:1`;
          for (const [from, to] of [
            [previous, image],
            [image, station.dray],
          ] as const) {
            // Else nothing would be sent again.
            user.forgetBlobs();
            const { code, stderr } = await user.dray(["copy", "--quiet", ...host, from, to]);
            expect({ to, code, stderr }).toEqual({ to, code: 0, stderr: "" });
          }
          expect(await identityBySkopeo(image, { env: user.env }), image).toEqual(identity);
          if (station.skopeo !== undefined)
            expect(await identityBySkopeo(station.skopeo), station.dray).toEqual(identity);
          if (previous !== first) rmSync(previous.split(":")[1] ?? "", { recursive: true });
          previous = station.dray;
        }
        const { Id } = (await daemon.api("/images/real:1/json")).json() as { Id: string };
        expect(Id).toBe(identity.config);
      },
      10 * minutes,
    );

    it(
      "which skopeo has pushed there, to the same directory as by skopeo",
      async () => {
        const pushed = `docker://${registry.host}/by-skopeo:1`;
        expect((await user.skopeo(["copy", "--quiet", first, pushed])).code).toBe(0);
        expect(await identityBySkopeo(pushed, { env: user.env })).toEqual(identity);
        await byBoth(user, (tool) => ["copy", "--quiet", pushed, `dir:${folder}/${tool}`]);
        await run("diff", ["-r", `${folder}/skopeo`, `${folder}/dray`]);
        const documents = await Promise.all(
          ["by-skopeo", "real-0"].map((name) =>
            user.skopeo(["inspect", "--raw", `docker://${registry.host}/${name}:1`]),
          ),
        );
        const [theirs, ours] = documents.map(({ stdout }) =>
          withoutBlobNames(JSON.parse(stdout) as Document),
        );
        expect(ours).toEqual(theirs);
      },
      5 * minutes,
    );
  },
);
