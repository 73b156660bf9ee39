import {
  createFaultProxy,
  type FaultProxy,
  randomImage,
  randomLayer,
  type SampleLayer,
} from "@drayage/testkit";
import { describeWithPeers, registryTree, startRegistry, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { registryFolder } from "../src/registry-folder.ts";
import { putSample } from "../src/samples.ts";
import { startDray } from "../src/start.ts";
import { createUser } from "../src/user.ts";

const minutes = 60_000;
const repositories = 200;
const tagsOfEach = 5;

describeWithPeers("dray sync of a registry", ["docker-registry", "skopeo"], () => {
  it(
    "of 1,000 tags in 200 repositories, 8 in parallel, killed and started again, transfers nothing twice",
    async () => {
      await using source = await startRegistry();
      await using destination = await startRegistry();
      await using to = await createFaultProxy({ target: destination.url });
      await fill(source.folder);
      const user = createUser({ home: temporaryDirectory() });
      user.allowPlain(source.host, to.host);
      const args = ["sync", "--src", "docker", "--dest", "docker", "--parallel", "8", "--rename", "*="];
      const ends = [`${source.host}/`, to.host];

      for (const part of [0.2, 0.6]) {
        const started = startDray([...args, "--quiet", ...ends], { env: user.env });
        await written(to, part * repositories * tagsOfEach);
        started.child.kill("SIGKILL");
        expect((await started.ended).signal).toBe("SIGKILL");
      }
      const last = await user.dray([...args, ...ends]);
      expect(last.code).toBe(0);
      expect(last.stderr).toMatch(/Synced 1000 images from 200 sources: \d+ copied, [1-9]\d* already there/);
      await to.settled();

      expect(registryTree(destination.folder)).toEqual(registryTree(source.folder));
      expect(twice(uploadsOf(to))).toEqual([]);
      expect(twice(tagsOf(to))).toEqual([]);

      to.forget();
      expect((await user.dray([...args, ...ends])).stderr).toMatch(/0 copied, 1000 already there/);
      expect(to.requests.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
    },
    10 * minutes,
  );
});

/** Images of which all share a layer, and those of a repository another one. */
async function fill(folder: string): Promise<void> {
  const registry = registryFolder(folder);
  const layer = (seed: string): Promise<SampleLayer> => randomLayer({ seed, files: 1, fileSize: 2000 });
  const base = await layer("base");
  for (let number = 0; number < repositories; number += 1) {
    const repository = `team-${number % 10}/app-${number}`;
    const own = await layer(repository);
    for (let tag = 1; tag <= tagsOfEach; tag += 1) {
      const seed = `${repository}:${tag}`;
      const image = await randomImage({ seed, layers: [base, own] });
      putSample(registry, { repository, tag: `v${tag}` }, image);
    }
  }
}

/** The digests of the blobs that a registry has taken. */
function uploadsOf({ requests }: FaultProxy): readonly string[] {
  return requests
    .filter(({ method, target, status }) => method === "PUT" && target.includes("digest=") && status === 201)
    .map(({ target }) => new URL(target, "http://registry").searchParams.get("digest") ?? "");
}

/** The manifests that a registry has taken under a tag. */
function tagsOf({ requests }: FaultProxy): readonly string[] {
  return requests
    .filter(
      ({ method, path, status }) => method === "PUT" && /\/manifests\/v\d+$/.test(path) && status === 201,
    )
    .map(({ path }) => path);
}

function twice(items: readonly string[]): readonly string[] {
  return [...new Set(items.filter((item, index) => items.indexOf(item) !== index))];
}

/** Waits until so many images are there. */
async function written(proxy: FaultProxy, count: number): Promise<void> {
  while (tagsOf(proxy).length < count) await new Promise((resolve) => setTimeout(resolve, 20));
}
