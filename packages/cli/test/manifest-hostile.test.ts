import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { randomImage, type SampleImage } from "@drayage/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dray, testFolder } from "./run-dray.ts";

interface Served {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

const folder = testFolder();
const env = { HOME: join(folder, "home"), CONTAINERS_REGISTRIES_CONF: join(folder, "registries.conf") };
const flags = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
const run = (command: string, ...args: readonly string[]) =>
  dray(["manifest", command, ...flags, ...args], { env });

/** What the registry has, by tag or digest; `*` for all else. */
const served = new Map<string, Served>();
const blobs = new Map<string, Uint8Array>();
let server: Server;
let host = "";
let image: SampleImage;

beforeAll(async () => {
  writeFileSync(join(folder, "registries.conf"), "");
  image = await randomImage({ seed: "hostile" });
  for (const blob of [image.config, ...image.layers]) blobs.set(blob.descriptor.digest, blob.bytes);
  server = createServer((request, response) => {
    const [, kind = "", name = ""] = /\/x\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? "") ?? [];
    const found = served.get(name) ?? served.get("*");
    const bytes = kind === "blobs" ? blobs.get(name) : found?.bytes;
    if (request.url === "/v2/") response.end("{}");
    else if (bytes === undefined) response.writeHead(404).end();
    else {
      const type = kind === "blobs" ? "application/octet-stream" : found?.mediaType;
      response.writeHead(200, { "content-type": type, "content-length": bytes.length });
      response.end(request.method === "HEAD" ? undefined : bytes);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

type Entry = Readonly<Record<string, unknown>>;

const entryOf = ({ bytes, mediaType }: Served, said: Entry = {}): Entry => ({
  mediaType,
  digest: digestBytes(bytes),
  size: bytes.length,
  platform: { os: "linux", architecture: "amd64" },
  ...said,
});

function indexOf(entries: readonly Entry[]): Served {
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries };
  return { bytes: new TextEncoder().encode(JSON.stringify(document)), mediaType: mediaTypes.ociIndex };
}

function serve(tagged: Served, others: readonly Served[] = [image.manifest]): void {
  served.clear();
  served.set("1", tagged);
  for (const each of [tagged, ...others]) served.set(digestBytes(each.bytes), each);
}

async function refused(...args: readonly [string, ...string[]]): Promise<string> {
  const { status, stdout, stderr } = await run(...args);
  expect({ stderr, stdout, failed: status !== 0 }).toEqual({ stderr, stdout: "", failed: true });
  expect(stderr).toMatch(/^dray: source: [^\n]+\n$/);
  expect(stderr.length).toBeLessThan(600);
  return stderr;
}

describe("a list of a registry that lies", () => {
  const adding = (): readonly [string, ...string[]] => [
    "create",
    "--all",
    "--insecure",
    "--retry-times=0",
    "hostile",
    `docker://${host}/x:1`,
  ];

  it.each([
    ["about a digest", { digest: `sha256:${"0".repeat(64)}` }, /has the digest sha256:|sha256:0{64}/],
    ["about a size", { size: 5 }, /sha256:[0-9a-f]{64} has 5 bytes, and it has \d+/],
    [
      "about what a manifest is",
      { mediaType: mediaTypes.ociIndex },
      /is application\/vnd.oci.image.index.v1\+json, and it is/,
    ],
  ])("%s is refused", async (_, said, words) => {
    const list = indexOf([entryOf(image.manifest, said)]);
    serve(list);
    served.set("*", image.manifest);
    expect(await refused(...adding())).toMatch(words);
    expect((await run("exists", "hostile")).status).toBe(1);
  });

  it("about what is in it, being that itself, is refused", async () => {
    const list = indexOf([entryOf(image.manifest)]);
    serve(list, []);
    served.set("*", list);
    expect(await refused(...adding())).toContain("gives out another manifest");
  });

  it("whose member is gone is refused, and named", async () => {
    serve(indexOf([entryOf(image.manifest)]), []);
    expect(await refused(...adding())).toContain(image.manifest.digest);
  });

  it("of 100,000 members, or more than 4 MiB of anything, is refused", async () => {
    const many = indexOf(Array.from({ length: 100_000 }, () => entryOf(image.manifest)));
    serve(many);
    expect(await refused(...adding())).toMatch(/4 ?MiB|4194304/);
    serve({ bytes: new Uint8Array(4 * 1024 * 1024 + 1).fill(32), mediaType: mediaTypes.ociIndex });
    expect(await refused(...adding())).toMatch(/4 ?MiB|4194304/);
  });

  it("that has lists in lists 100 times is not pushed, and that has some is", async () => {
    const nested = (depth: number): readonly Served[] => {
      const documents: Served[] = [image.manifest];
      for (let at = 0; at < depth; at++)
        documents.push(indexOf([entryOf(documents.at(-1) ?? image.manifest)]));
      return documents;
    };
    for (const [depth, list] of [
      [100, "deep"],
      [5, "shallow"],
    ] as const) {
      const documents = nested(depth);
      serve(documents.at(-1) ?? image.manifest, documents);
      expect((await run("create", "--insecure", list)).status).toBe(0);
      expect((await run("add", "--insecure", "--nested", list, `docker://${host}/x:1`)).status).toBe(0);
      const push = ["-q", "--insecure", list, `oci:${join(folder, "out")}:x`] as const;
      if (depth === 100)
        expect(await refused("push", ...push)).toContain("indexes stand in indexes more than 8 times");
      else expect(await run("push", ...push)).toMatchObject({ status: 0, stderr: "" });
    }
  });

  it("leaves the list that it was to be added to as it was", async () => {
    serve(image.manifest);
    expect((await run("create", "--insecure", "kept", `docker://${host}/x:1`)).status).toBe(0);
    const before = (await run("inspect", "kept")).stdout;
    serve(indexOf([entryOf(image.manifest, { size: 5 })]));
    await refused("add", "--all", "--insecure", "kept", `docker://${host}/x:1`);
    await refused("create", "--amend", "--all", "--insecure", "kept", `docker://${host}/x:1`);
    await refused("create", "--replace", "--all", "--insecure", "kept", `docker://${host}/x:1`);
    expect((await run("inspect", "kept")).stdout).toBe(before);
    // What a registry has lost since is told of when the list is pushed.
    served.clear();
    const push = [
      "push",
      "-q",
      "--insecure",
      "--retry-times=0",
      "kept",
      `oci:${join(folder, "lost")}:x`,
    ] as const;
    expect(await refused(...push)).toContain(`x:1 at ${host}: there is no such image`);
  });
});
