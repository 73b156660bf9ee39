import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import {
  createFaultProxy,
  createRandom,
  type Ending,
  type FaultProxy,
  type ProxiedRequest,
} from "@drayage/testkit";
import {
  describeWithPeers,
  registryTree,
  run,
  startRegistry,
  type TestRegistry,
  temporaryDirectory,
  testCertificates,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dray } from "../src/dray.ts";
import { type KeepingRegistry, startKeepingRegistry } from "../src/keeping-registry.ts";
import { writeRandomLayer } from "../src/layers.ts";
import { createUser, type TestUser } from "../src/user.ts";

const mebibyte = 1024 * 1024;
/** What may be on its way in the system's buffers when a connection is reset. */
const onItsWay = 16 * mebibyte;
const patience = ["--retry-delay", "1ms"];

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

describeWithPeers(
  "an image of 100 MB, and connections that are cut",
  ["docker-registry", "skopeo", "openssl"],
  () => {
    const folder = temporaryDirectory();
    const seed = Number(process.env.DRAYAGE_SEED ?? Date.now() % 1_000_000);
    const layout = `oci-dir:${folder}/layout:app`;
    let registry: TestRegistry;
    let keeping: KeepingRegistry;
    let user: TestUser;
    let config: Descriptor;
    let layers: readonly Descriptor[];
    let large: Descriptor;
    let total: number;
    let count = 0;

    beforeAll(async () => {
      console.log(`cuts are at random with DRAYAGE_SEED=${seed}`);
      [registry, keeping] = await Promise.all([startRegistry(), startKeepingRegistry()]);
      writeRandomLayer(`${folder}/large.tar`, 100 * mebibyte);
      writeRandomLayer(`${folder}/small.tar`, 3 * mebibyte);
      await dray(["copy", "--quiet", `tarball:${folder}/large.tar:${folder}/small.tar`, layout]);
      const { stdout } = await dray(["inspect", "--raw", layout]);
      ({ config, layers } = JSON.parse(stdout) as { config: Descriptor; layers: readonly Descriptor[] });
      large = layers[0] ?? config;
      expect(large.size).toBeGreaterThan(100 * mebibyte);
      total = [config, ...layers].reduce((sum, { size }) => sum + size, 0);
      user = createUser({ home: temporaryDirectory() });
      user.allowPlain(registry.host);
      expect((await user.dray(["copy", "--quiet", layout, `docker://${registry.host}/app:1`])).code).toBe(0);
    });
    beforeEach(() => {
      user = createUser({ home: temporaryDirectory() });
    });
    afterAll(async () => {
      await Promise.all([registry.stop(), keeping.close()]);
    });

    async function behind(url: string): Promise<FaultProxy> {
      const proxy = await createFaultProxy({ target: url });
      user.allowPlain(proxy.host);
      return proxy;
    }

    /** Where in a transfer of so many bytes it is cut: bytes of each connection, that make no more than all. */
    const places = (size: number): Readonly<Record<string, readonly number[]>> => {
      const random = createRandom(seed);
      return {
        "before the first byte": [0],
        "after the first byte": [1],
        "before the last byte": [size - 1],
        "at the borders of chunks": [16_384, 65_536, mebibyte, 65_535, 65_537],
        "at random, eight times": Array.from({ length: 8 }, () => random.below(Math.floor(size / 8))),
      };
    };
    const kinds = Object.keys(places(1000));
    const endings: readonly Ending[] = ["reset", "end"];
    const cases = kinds.flatMap((where) => endings.map((ending) => ({ where, ending })));
    /** Half of them, with both endings. */
    const some = kinds.map((where, index) => ({ where, ending: endings[index % 2] ?? "reset" }));

    describe("a pull", () => {
      it.each(cases)("cut $where ($ending) goes on where it was", async ({ where, ending }) => {
        await using proxy = await behind(registry.url);
        const cuts = places(large.size)[where] ?? [];
        const match = { method: "GET", path: `/v2/app/blobs/${large.digest}`, times: 1 };
        const rules = cuts.map((after) => proxy.rule(match, { cutResponse: { after, ending } }));
        const to = `${folder}/pulled-${count++}`;
        const args = ["copy", "--quiet", ...patience, `docker://${proxy.host}/app:1`, `oci:${to}:app`];
        expect(await user.dray(args)).toMatchObject({ code: 0, stderr: "" });
        expect(rules.map(({ hits }) => hits)).toEqual(cuts.map(() => 1));
        const { pulled } = proxy.blobBytes();
        if (ending === "end") expect(pulled).toBe(total);
        // More than was sent can only be what the reset has thrown away on its way.
        else expect(pulled - total).toBeLessThan(Math.min(onItsWay * cuts.length, sum(cuts) + 1));
        expect(offsetsOf(proxy.requests, large.digest)).toEqual(
          sorted(offsetsOf(proxy.requests, large.digest)),
        );
        await validate(to);
      });

      it.each(endings)("over TLS that is cut (%s) goes on where it was", async (ending) => {
        const { authority, server } = await testCertificates();
        const tls = { cert: readFileSync(server.certificate, "utf8"), key: readFileSync(server.key, "utf8") };
        await using proxy = await createFaultProxy({ target: registry.url, tls });
        const certDir = `${user.home}/certs`;
        mkdirSync(certDir);
        copyFileSync(authority.certificate, `${certDir}/ca.crt`);
        const cuts = [1, 16_384, Math.floor(large.size / 2)];
        const match = { method: "GET", path: `/v2/app/blobs/${large.digest}`, times: 1 };
        const rules = cuts.map((after) => proxy.rule(match, { cutResponse: { after, ending } }));
        const to = `${folder}/pulled-${count++}`;
        const args = ["copy", "--quiet", ...patience, "--src-cert-dir", certDir];
        const ran = await user.dray([...args, `docker://${proxy.host}/app:1`, `oci:${to}:app`]);
        expect(ran).toMatchObject({ code: 0, stderr: "" });
        expect(rules.map(({ hits }) => hits)).toEqual(cuts.map(() => 1));
        expect(proxy.blobBytes().pulled - total).toBeLessThan(ending === "end" ? 1 : onItsWay * cuts.length);
        await validate(to);
      });

      it("of a connection that stops in the middle of each blob, straight into another registry, is whole", async () => {
        await using from = await behind(registry.url);
        await using to = await behind(keeping.url);
        const middle = Math.floor(large.size / 2);
        from.rule(
          { method: "GET", path: /blobs\/sha256/, times: 3 },
          { cutResponse: { after: 1000, ending: "end" } },
        );
        from.rule({ method: "GET", path: /blobs\/sha256/, times: 1 }, { cutResponse: { after: middle } });
        to.rule(
          { method: ["PATCH", "PUT"], path: /uploads/, times: 1 },
          { cutRequest: { after: 12_345_678 } },
        );
        const name = `straight/r${count++}`;
        const args = [
          "copy",
          "--quiet",
          ...patience,
          `docker://${from.host}/app:1`,
          `docker://${to.host}/${name}:1`,
        ];
        expect(await user.dray(args)).toMatchObject({ code: 0, stderr: "" });
        expect(keeping.digests(name)).toEqual(sorted([config, ...layers].map(({ digest }) => digest)));
      });
    });

    describe("a push", () => {
      /** Pushes through a proxy with these rules, and gives how many bytes of blobs went over the wire. */
      async function push(proxy: FaultProxy, name: string): Promise<number> {
        const args = ["copy", "--quiet", ...patience, layout, `docker://${proxy.host}/${name}:1`];
        expect(await user.dray(args)).toMatchObject({ code: 0, stderr: "" });
        return proxy.blobBytes().pushed;
      }
      const uploads = { method: ["PATCH", "PUT"], path: /\/blobs\/uploads\// };
      const isLarge = ({ headers }: ProxiedRequest): boolean => {
        const length = headers["content-length"];
        return length === undefined || Number(length) > 10 * mebibyte;
      };

      it.each(cases)(
        "cut $where ($ending), to a registry that keeps what it has, sends the rest",
        async ({ where, ending }) => {
          await using proxy = await behind(keeping.url);
          const cuts = places(large.size)[where] ?? [];
          const rules = cuts.map((after) =>
            proxy.rule({ ...uploads, when: isLarge, times: 1 }, { cutRequest: { after, ending } }),
          );
          const name = `pushed/r${count++}`;
          const pushed = await push(proxy, name);
          expect(rules[0]?.hits).toBe(1);
          expect(pushed - total).toBeGreaterThanOrEqual(0);
          expect(pushed - total).toBeLessThan(Math.min(onItsWay * cuts.length, sum(cuts) + 1));
          expect(keeping.digests(name)).toEqual(sorted([config, ...layers].map(({ digest }) => digest)));
        },
      );

      it.each(some)(
        "cut $where ($ending), to docker-registry, which forgets what came, sends that blob anew",
        async ({ where, ending }) => {
          await using proxy = await behind(registry.url);
          const cuts = (places(large.size)[where] ?? []).slice(0, 3);
          const rules = cuts.map((after) =>
            proxy.rule({ ...uploads, when: isLarge, times: 1 }, { cutRequest: { after, ending } }),
          );
          const name = `pushed/r${count++}`;
          const pushed = await push(proxy, name);
          expect(rules.map(({ hits }) => hits)).toEqual(cuts.map(() => 1));
          expect(pushed).toBeLessThanOrEqual(total + sum(cuts));
          await validateBySkopeo(`${registry.host}/${name}:1`);
        },
      );

      it.each(some)(
        "cut $where ($ending) before the registry hears of it sends what was lost",
        async ({ where, ending }) => {
          await using proxy = await behind(registry.url);
          const cuts = (places(large.size)[where] ?? []).slice(0, 3);
          const rules = cuts.map((after) =>
            proxy.rule({ ...uploads, when: isLarge, times: 1 }, { dropRequest: { after, ending } }),
          );
          const name = `pushed/r${count++}`;
          expect(await push(proxy, name)).toBeLessThanOrEqual(total + sum(cuts));
          expect(rules.map(({ hits }) => hits)).toEqual(cuts.map(() => 1));
          expect(registryTree(registry.folder)[name]?.blobs).toEqual(
            sorted([config, ...layers].map(({ digest }) => digest)),
          );
        },
      );

      it.each(["POST", "PATCH", "PUT"])("whose answer to %s is lost is whole", async (method) => {
        await using proxy = await behind(registry.url);
        proxy.rule({ method, path: /uploads/, times: 2 }, { loseResponse: "reset" });
        const name = `pushed/r${count++}`;
        await push(proxy, name);
        expect(registryTree(registry.folder)[name]?.blobs).toEqual(
          sorted([config, ...layers].map(({ digest }) => digest)),
        );
      });
    });

    async function validate(path: string): Promise<void> {
      const { code, stderr } = await user.skopeo([
        "copy",
        "--quiet",
        `oci:${path}:app`,
        `dir:${path}-by-skopeo`,
      ]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      await run("cmp", [`${path}/blobs/sha256/${hex(large)}`, `${folder}/layout/blobs/sha256/${hex(large)}`]);
      for (const each of [path, `${path}-by-skopeo`]) rmSync(each, { recursive: true });
    }

    async function validateBySkopeo(name: string): Promise<void> {
      const to = `${folder}/by-skopeo-${count++}`;
      const { code, stderr } = await user.skopeo([
        "copy",
        "--quiet",
        "--src-tls-verify=false",
        `docker://${name}`,
        `dir:${to}`,
      ]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      await run("cmp", [`${to}/${hex(large)}`, `${folder}/layout/blobs/sha256/${hex(large)}`]);
      rmSync(to, { recursive: true });
    }
  },
);

const hex = ({ digest }: Descriptor): string => digest.slice("sha256:".length);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const sorted = <T>(items: readonly T[]): readonly T[] =>
  [...items].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** From which byte each request for a blob asked. */
function offsetsOf(requests: readonly ProxiedRequest[], digest: string): readonly number[] {
  return requests
    .filter(({ method, path }) => method === "GET" && path.endsWith(digest))
    .map(({ headers }) => Number(/^bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0));
}
