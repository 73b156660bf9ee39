import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { isDrayageError } from "@drayage/errors";
import { type DockerReference, parseNormalizedNamed, tagNameOnly } from "@drayage/reference";
import { describeWithPeers, run, temporaryDirectory } from "@drayage-internal/peers";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pullSources, readRegistriesConfig } from "../src/index.ts";

describeWithPeers("skopeo and drayage with one registries.conf", ["skopeo"], ({ skopeo }) => {
  const folder = temporaryDirectory();
  const env = { HOME: folder, XDG_RUNTIME_DIR: folder, REGISTRY_AUTH_FILE: undefined };
  const path = join(folder, "registries.conf");
  const asked: string[] = [];
  const servers: Server[] = [];
  let hosts: readonly string[] = [];

  beforeAll(async () => {
    for (let count = 0; count < 2; count += 1) servers.push(await emptyRegistry(asked));
    hosts = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(() => {
    for (const server of servers) server.close();
  });

  /** The manifests that skopeo asks for, in its order, and what it says in the end. */
  async function askedBySkopeo(name: string): Promise<Outcome> {
    asked.length = 0;
    const { code, stderr } = await run(
      skopeo,
      ["--registries-conf", path, "inspect", "--no-creds", `docker://${name}`],
      { env, mayFail: true },
    );
    expect(code).not.toBe(0);
    const last = stderr.slice(stderr.lastIndexOf("]): ") + 1);
    const end = last.includes("rewriting reference: ")
      ? "no name"
      : last.includes(" is blocked in ")
        ? "blocked"
        : last.includes("manifest unknown")
          ? "asked"
          : stderr;
    return { asked: [...asked], end };
  }

  async function askedByUs(name: string): Promise<Outcome> {
    const config = await readRegistriesConfig({ path, env: { HOME: folder }, machineFolders: [] });
    try {
      const sources = pullSources(config, tagNameOnly(parseNormalizedNamed(name)));
      return {
        asked: sources.map(({ reference }) => manifestPath(reference)),
        end: sources.every(({ isMirror }) => isMirror) ? "blocked" : "asked",
      };
    } catch (error) {
      if (isDrayageError(error, "ERR_DRAYAGE_REGISTRY_BLOCKED")) return { asked: [], end: "blocked" };
      if (isDrayageError(error, "ERR_DRAYAGE_CONFIGURATION_INVALID")) return { asked: [], end: "no name" };
      throw error;
    }
  }

  const place = fc.tuple(fc.nat(1), fc.constantFrom("", "/a", "/a/b", "/bad", "/bad/b"));
  const mirror = fc.record({ place, when: fc.constantFrom("", "all", "tag-only", "digest-only") });
  const entry = fc.record({
    prefix: fc.constantFrom(
      "example.com",
      "example.com/foo",
      "example.com/foo/bar",
      "example.com/food",
      "*.example.com",
      "*.one.example.com",
      "one.example.com",
      "*.com",
    ),
    place,
    mirrors: fc.array(mirror, { maxLength: 2 }),
    byDigestOnly: fc.boolean(),
  });
  const digest = `@sha256:${"0".repeat(64)}`;
  const name = fc
    .tuple(
      fc.constantFrom("example.com", "one.example.com", "two.one.example.com"),
      fc.constantFrom("/foo/bar", "/foo/bar/baz", "/food", "/x"),
      fc.constantFrom("", ":1", digest),
    )
    .map((parts) => parts.join(""));

  it("ask the same places in the same order", async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 5 }),
        fc.boolean(),
        name,
        async (entries, bad, wanted) => {
          const location = ([host, rest]: [number, string]): string =>
            `"${hosts[host]}${rest}"\ninsecure = true`;
          const last = {
            prefix: "*.com",
            place: [0, ""] as [number, string],
            mirrors: [],
            byDigestOnly: false,
          };
          const whole = { ...last, prefix: "example.com" };
          const tables = [...entries, last, whole].map(({ prefix, place: at, mirrors, byDigestOnly }) =>
            [
              `[[registry]]\nprefix = "${prefix}"\nlocation = ${location(at)}\nmirror-by-digest-only = ${byDigestOnly}`,
              ...mirrors.map(
                (one) =>
                  `[[registry.mirror]]\nlocation = ${location(one.place)}${byDigestOnly ? "" : `\npull-from-mirror = "${one.when}"`}`,
              ),
            ].join("\n"),
          );
          if (bad) {
            // Not the locations themselves: two entries may not say different things about one location.
            for (const host of hosts) {
              for (const rest of ["/bad/foo", "/bad/b/bar", "/bad/baz"]) {
                tables.push(`[[registry]]\nlocation = "${host}${rest}"\nblocked = true`);
              }
            }
          }
          writeFileSync(path, tables.join("\n"));
          const ours = await askedByUs(wanted);
          expect(ours).toEqual(await askedBySkopeo(wanted));
          seen.add(`${ours.end} ${ours.asked.length}`);
        },
      ),
      {
        numRuns: 40,
        // So that these two are among them, whatever the others are.
        examples: [
          [[], false, "example.com/foo/bar:1"],
          [
            [
              {
                prefix: "example.com/foo",
                place: [0, ""],
                mirrors: [{ place: [1, ""], when: "all" }],
                byDigestOnly: false,
              },
            ],
            false,
            "example.com/foo/bar:1",
          ],
        ],
      },
    );
    expect(seen).toContain("asked 1");
    expect(seen).toContain("asked 2");
  });

  it.each([
    '[[registry]]\nlocation = "http://x"',
    '[[registry]]\nprefix = "a.b/c"',
    "[[registry]]\ninsecure = true",
    '[[registry]]\nlocation = "a.b"\ninsecure = "yes"',
    '[[registry]]\nlocation = "a.b"\n[[registry]]\nlocation = "a.b"\nblocked = true',
    '[[registry]]\nlocation = "a.b"\npull-from-mirror = "all"',
    '[[registry]]\nlocation = "a.b"\nmirror = [{ insecure = true }]',
    '[[registry]]\nlocation = "a.b"\nmirror = [{ location = "c.d", pull-from-mirror = "never" }]',
    '[[registry]]\nprefix = "*.a.b/c"',
    '[[registry]]\nprefix = "*.a.b:1"\nlocation = "c.d"',
    '[registry]\nlocation = "a.b"',
    'unqualified-search-registries = "x"',
    'unqualified-search-registries = ["a/b"]',
    'unqualified-search-registries = ["https://x"]',
    'short-name-mode = "x"',
    '[aliases]\n"a:b" = "x.y/z"',
    "[aliases]\na = 'b'",
    '[registries.search]\nregistries = ["a"]\n[[registry]]\nlocation = "x.y"',
    "x =",
    '[[registry]]\nlocation = "a.b"\nlocation = "c.d"',
  ])("refuse %j", async (text) => {
    writeFileSync(path, text);
    const { code, stderr } = await run(
      skopeo,
      ["--registries-conf", path, "inspect", "--no-creds", `docker://${hosts[0]}/a`],
      { env, mayFail: true },
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain("loading registries configuration");
    await expect(
      readRegistriesConfig({ path, env: { HOME: folder }, machineFolders: [] }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_CONFIGURATION_INVALID" });
  });
});

/** Which manifests were asked for, and whether the last place was asked, is blocked or cannot be named. */
interface Outcome {
  readonly asked: readonly string[];
  readonly end: string;
}

function manifestPath({ domain, path, tag, digest }: DockerReference): string {
  return `${domain}/v2/${path}/manifests/${digest ?? tag}`;
}

/** A registry that has nothing; it notes the manifests that it is asked for. */
async function emptyRegistry(asked: string[]): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === "/v2/") {
      response.end("{}");
      return;
    }
    asked.push(`${request.headers.host}${request.url}`);
    response.writeHead(404, { "Content-Type": "application/json" });
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return server;
}
