import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { randomImage, readImage, type SampleImage, writeImage } from "@drayage/testkit";
import { requireAbility } from "@drayage/transport";
import { dockerArchive } from "@drayage/transport-docker-archive";
import { ociDir } from "@drayage/transport-oci-dir";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dray, type Ran, type RunOptions, testFolder } from "./run-dray.ts";

const folder = testFolder();
const at = (...names: string[]): string => join(folder, ...names);
let image: SampleImage;
let other: SampleImage;
let count = 0;
let place = "";

beforeAll(async () => {
  image = await randomImage({ seed: "first" });
  other = await randomImage({ seed: "other", layers: 1 });
  writeFileSync(at("registries.conf"), "");
  const oci = ociDir();
  for (const [name, sample] of [
    ["first", image],
    ["other", other],
  ] as const) {
    await using destination = await oci.openDestination(oci.parse(`${at("oci")}:${name}`));
    await writeImage(destination, sample);
  }
});

beforeEach(() => {
  place = at(`store-${count++}`);
  mkdirSync(place);
});

function store(argv: readonly string[], options?: RunOptions): Promise<Ran> {
  const flags = ["--root", join(place, "root"), "--runroot", join(place, "run"), "--storage-driver", "vfs"];
  const [command = "", ...rest] = argv;
  return dray([command, ...flags, ...rest], {
    ...options,
    env: { HOME: place, CONTAINERS_REGISTRIES_CONF: at("registries.conf"), ...options?.env },
  });
}

const idOf = ({ config }: SampleImage): string => config.descriptor.digest.slice(7);
const done = (stdout = "", stderr = ""): Partial<Ran> => ({ status: 0, stdout, stderr });

/** Both images, the first with two names. */
async function filled(): Promise<void> {
  for (const [name, target] of [
    ["first", "quay.io/me/app:1"],
    ["first", "localhost/app:latest"],
    ["other", "docker.io/library/base:2"],
  ]) {
    const to = `containers-storage:[vfs@${join(place, "root")}+${join(place, "run")}]${target}`;
    expect(await dray(["copy", "-q", `oci:${at("oci")}:${name}`, to])).toMatchObject(done());
  }
}

const names = async (): Promise<readonly string[]> =>
  (await store(["images", "--sort", "repository", "--format", "{{.Repository}}:{{.Tag}}"])).stdout
    .split("\n")
    .filter((line) => line !== "");

describe("dray pull and dray push", () => {
  it("pull brings an image of any transport into the store, and says its ID", async () => {
    const pulled = await store(["pull", "-q", `oci:${at("oci")}:first`]);
    expect(pulled).toMatchObject(done(`${idOf(image)}\n`));
    expect(await names()).toEqual(["localhost/first:latest"]);
  });

  it("pull goes on after what fails, and tells of all that did", async () => {
    const { status, stdout, stderr } = await store([
      "pull",
      "-q",
      `oci:${at("oci")}:absent`,
      `oci:${at("oci")}:first`,
      `dir:${at("absent")}`,
    ]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: `${idOf(image)}\n` });
    expect(stderr.split("\n").filter((line) => line.startsWith("dray: "))).toHaveLength(2);
  });

  it("pull warns of an image that is for another platform than was asked for", async () => {
    const pulled = await store(["pull", "-q", "--platform", "linux/s390x", `oci:${at("oci")}:first`]);
    expect(pulled).toMatchObject({ status: 0, stdout: `${idOf(image)}\n` });
    expect(pulled.stderr).toMatch(
      /^dray: warning: the platform of localhost\/first:latest is \S+, not linux\/s390x, and there is no other\n$/,
    );
  });

  it("push writes what was pulled, byte for byte where the blobs were kept", async () => {
    await store(["pull", "-q", "--keep-blobs", `oci:${at("oci")}:first`]);
    const digestfile = join(place, "digest");
    const to = `oci-dir:${join(place, "out")}:1`;
    expect(await store(["push", "-q", "--digestfile", digestfile, "first", to])).toMatchObject(done());
    expect(readFileSync(digestfile, "utf8")).toBe(image.manifest.digest);
    const oci = ociDir();
    await using source = await oci.openSource(oci.parse(`${join(place, "out")}:1`));
    const read = await readImage(source);
    expect(Buffer.from(read.manifest.bytes).equals(image.manifest.bytes)).toBe(true);
  });

  it("push wants to know where to where the image has no name", async () => {
    await filled();
    await store(["untag", "base:2"]);
    const { status, stderr } = await store(["push", idOf(other).slice(0, 8)]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/has no name to push it to; name the destination\n$/);
  });
});

describe("dray images", () => {
  it("lists a row for each name, the newest image first", async () => {
    await filled();
    const { stdout } = await store(["images"]);
    const [head, ...rows] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
    expect(rows.map((row) => row.split(/ +/).slice(0, 3).join(" ")).sort()).toEqual([
      `docker.io/library/base 2 ${idOf(other).slice(0, 12)}`,
      `localhost/app latest ${idOf(image).slice(0, 12)}`,
      `quay.io/me/app 1 ${idOf(image).slice(0, 12)}`,
    ]);
    expect((await store(["images", "-n"])).stdout).toBe(stdout.slice(stdout.indexOf("\n") + 1));
  });

  it("lists an image whose layers are damaged, too, and says so", async () => {
    await filled();
    const records = (file: string): { id: string; layer?: string }[] =>
      JSON.parse(readFileSync(join(place, "root", file), "utf8"));
    const lost = records("vfs-images/images.json").find(({ id }) => id === idOf(other))?.layer;
    const rest = records("vfs-layers/layers.json").filter(({ id }) => id !== lost);
    writeFileSync(join(place, "root/vfs-layers/layers.json"), JSON.stringify(rest));
    const { status, stdout, stderr } = await store(["images", "--quiet"]);
    expect(status).toBe(0);
    expect(stdout.trim().split("\n").sort()).toEqual(
      [idOf(image), idOf(other)].map((id) => id.slice(0, 12)).sort(),
    );
    expect(stderr).toMatch(/^dray: warning: the image docker\.io\/library\/base:2 is damaged: .*\n$/);
  });

  it("prints IDs, templates and JSON", async () => {
    await filled();
    const ids = [idOf(image), idOf(other)].sort();
    expect((await store(["images", "-q", "--sort", "id"])).stdout).toBe(
      ids.map((id) => `${id.slice(0, 12)}\n`).join(""),
    );
    expect((await store(["images", "-q", "--no-trunc", "base:2"])).stdout).toBe(`sha256:${idOf(other)}\n`);
    expect(await store(["images", "-q", "absent"])).toMatchObject(done());
    const listed = JSON.parse((await store(["images", "--format", "json", "base:2"])).stdout) as unknown;
    expect(listed).toMatchObject([
      {
        Id: idOf(other),
        Names: ["docker.io/library/base:2"],
        Digest: other.manifest.digest,
        Labels: { seed: "other" },
        Created: 1714979289,
        CreatedAt: "2024-05-06T07:08:09Z",
      },
    ]);
  });

  it.each([
    [["label=seed=first"], ["localhost/app:latest", "quay.io/me/app:1"]],
    [["label=seed"], ["docker.io/library/base:2", "localhost/app:latest", "quay.io/me/app:1"]],
    [["label=seed=first", "label=seed=other"], []],
    [["label!=seed=first"], ["docker.io/library/base:2"]],
    [["reference=*/me/*"], ["localhost/app:latest", "quay.io/me/app:1"]],
    [["reference=base"], ["docker.io/library/base:2"]],
    [["reference=b?se:1"], []],
    [
      ["reference=base", "reference=app:1"],
      ["docker.io/library/base:2", "localhost/app:latest", "quay.io/me/app:1"],
    ],
    [["dangling=true"], []],
    [["dangling=false"], ["docker.io/library/base:2", "localhost/app:latest", "quay.io/me/app:1"]],
    [["until=24h"], ["docker.io/library/base:2", "localhost/app:latest", "quay.io/me/app:1"]],
    [["until=2024-01-01"], []],
    [["since=base:2"], []],
    [["containers=true"], []],
    [["readonly=true"], []],
    [["intermediate=true"], []],
  ])("shows only what fits %j", async (filters, expected) => {
    await filled();
    const flags = filters.flatMap((filter) => ["--filter", filter]);
    const { stdout } = await store([
      "images",
      ...flags,
      "--format",
      "{{.Repository}}:{{.Tag}}",
      "--sort",
      "repository",
    ]);
    expect(stdout.split("\n").filter((line) => line !== "")).toEqual(expected);
  });

  it("refuses filters that there are not", async () => {
    for (const [filter, message] of [
      ["color=red", 'there is no filter "color"'],
      ["dangling", "is no filter"],
      ["dangling=perhaps", "dangling is true or false"],
      ["until=soon", "is no time"],
    ] as const) {
      const { status, stderr } = await store(["images", "--filter", filter]);
      expect(status).toBe(1);
      expect(stderr).toContain(message);
    }
  });
});

describe("dray tag, untag and rmi", () => {
  it("tag gives names, untag takes them", async () => {
    await filled();
    expect(await store(["tag", "base:2", "base:latest", "quay.io/x/y"])).toMatchObject(done());
    expect(await names()).toEqual([
      "docker.io/library/base:2",
      "localhost/app:latest",
      "localhost/base:latest",
      "quay.io/me/app:1",
      "quay.io/x/y:latest",
    ]);
    expect(await store(["untag", "base", "quay.io/x/y"])).toMatchObject(
      done("Untagged: quay.io/x/y:latest\n"),
    );
    expect(await store(["untag", "app"])).toMatchObject(
      done("Untagged: localhost/app:latest\nUntagged: quay.io/me/app:1\n"),
    );
    expect(await names()).toEqual(["<none>:<none>", "docker.io/library/base:2", "localhost/base:latest"]);
    const wrong = await store(["untag", "base", "app"]);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toMatch(/has no name "app"; it has /);
    expect((await store(["tag", "base", `x@${image.manifest.digest}`])).status).toBe(1);
  });

  it("rmi takes a name, and with the last name the image and its layers", async () => {
    await filled();
    expect(await store(["rmi", "app:1"])).toMatchObject(done("Untagged: quay.io/me/app:1\n"));
    expect(await store(["rmi", "app"])).toMatchObject(
      done(`Untagged: localhost/app:latest\nDeleted: ${idOf(image)}\n`),
    );
    const missing = await store(["rmi", "app", "base:2"]);
    expect(missing).toMatchObject({
      status: 2,
      stdout: `Untagged: docker.io/library/base:2\nDeleted: ${idOf(other)}\n`,
    });
    expect(missing.stderr).toContain('the store has no image "app"');
    expect(await store(["rmi", "--ignore", "app"])).toMatchObject(done());
    const layers = readFileSync(join(place, "root", "vfs-layers", "layers.json"), "utf8");
    expect(layers).toBe("[]");
  });

  it("rmi refuses an ID with several names, unless it is told to", async () => {
    await filled();
    const id = idOf(image).slice(0, 10);
    const { status, stderr } = await store(["rmi", id]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/has several names: .*; remove it by its names, or with --force\n$/);
    expect((await store(["rmi", "--force", id])).stdout).toMatch(/^Untagged: .*\nUntagged: .*\nDeleted: /);
    expect((await store(["rmi", "--all"])).stdout).toContain(`Deleted: ${idOf(other)}`);
    expect((await store(["images", "-q"])).stdout).toBe("");
    expect((await store(["rmi"])).status).toBe(1);
    expect((await store(["rmi", "--all", "x"])).status).toBe(1);
  });
});

describe("dray save and dray load", () => {
  it.each(["docker-archive", "oci-archive", "oci-dir", "docker-dir"])(
    "bring images out and in as %s",
    async (format) => {
      await filled();
      const path = join(place, "saved");
      expect(await store(["save", "-q", "--format", format, "-o", path, "quay.io/me/app:1"])).toMatchObject(
        done(),
      );
      await store(["rmi", "--all"]);
      const loaded = await store(["load", "-q", "-i", path]);
      const name = format === "docker-dir" ? undefined : "quay.io/me/app:1";
      expect(loaded.status).toBe(0);
      expect(await names()).toEqual([name ?? "<none>:<none>"]);
      expect(loaded.stdout).toMatch(/^Loaded image: (?:quay\.io\/me\/app:1|sha256:[0-9a-f]{64})\n$/);
    },
  );

  it("several images go into one archive, and through pipes", async () => {
    await filled();
    const saved = await store(["save", "-q", "-m", "app", "base:2"]);
    expect(saved.status).toBe(0);
    await store(["rmi", "--all", "--force"]);
    const loaded = await store(["load", "-q"], { stdin: Readable.from([Buffer.from(saved.bytes)]) });
    expect(loaded).toMatchObject(
      done("Loaded image: localhost/app:latest\nLoaded image: docker.io/library/base:2\n"),
    );
    expect(await names()).toEqual(["docker.io/library/base:2", "localhost/app:latest"]);
  });

  it("further arguments of save are further names", async () => {
    await filled();
    const path = join(place, "saved.tar");
    await store(["save", "-q", "-o", path, "base:2", "quay.io/a/b:c"]);
    const archive = dockerArchive();
    expect(await requireAbility(archive, "listTags").listTags(archive.parse(path))).toEqual([
      "docker.io/library/base:2",
      "quay.io/a/b:c",
    ]);
  });

  it("save says what to do where the file is there", async () => {
    await filled();
    const path = join(place, "saved.tar");
    await store(["save", "-q", "-o", path, "base:2"]);
    const again = await store(["save", "-q", "-o", path, "base:2"]);
    expect(again).toMatchObject({ status: 1, stderr: expect.stringMatching(/; choose another path\n$/) });
  });

  it("load calls standard input by its name", async () => {
    const { status, stderr } = await store(["load"], { stdin: Readable.from([Buffer.from("junk")]) });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^dray: standard input is neither docker-archive nor oci-archive: /);
    expect(stderr).not.toContain("archive.tar");
  });

  it("refuse what is no archive, and folders on standard output", async () => {
    writeFileSync(join(place, "text"), "no archive");
    const { status, stderr } = await store(["load", "-i", join(place, "text")]);
    expect(status).toBe(1);
    expect(stderr).toContain(`"${join(place, "text")}" is neither docker-archive nor oci-archive`);
    expect(stderr).not.toContain('""');
    expect((await store(["save", "--format", "oci-dir", "x"])).status).toBe(1);
    expect((await store(["save", "-m", "--format", "oci-archive", "x"])).status).toBe(1);
    expect((await store(["save", "--compress", "x"])).stderr).toContain("--compress is for docker-dir");
  });
});

describe("dray mount, umount and export", () => {
  it("mount says where, lists what is mounted, and umount ends it", async () => {
    await filled();
    const mounted = await store(["mount", "base:2"]);
    expect(mounted.stdout).toBe(
      `${join(place, "root", "vfs", "dir", other.layers[0]?.layer.diffId.slice(7) ?? "")}\n`,
    );
    expect((await store(["mount"])).stdout).toBe(`docker.io/library/base:2  ${mounted.stdout}`);
    expect(JSON.parse((await store(["mount", "--format", "json"])).stdout)).toEqual([
      {
        id: idOf(other),
        Repositories: ["docker.io/library/base:2"],
        mountpoint: mounted.stdout.trim(),
      },
    ]);
    expect(await store(["umount", "base:2"])).toMatchObject(done(`${idOf(other)}\n`));
    expect((await store(["mount"])).stdout).toBe("");
    expect(await store(["umount", "base:2"])).toMatchObject(done());
    expect(await store(["umount", "--force", "base:2"])).toMatchObject(done());
    expect((await store(["umount", "absent"])).status).toBe(2);
    expect((await store(["umount", "--all"])).status).toBe(0);
  });

  it("export writes the files of an image as one tar", async () => {
    await filled();
    const path = join(place, "files.tar");
    expect(await store(["export", "-o", path, "base:2"])).toMatchObject(done());
    const { bytes, status } = await store(["export", "base:2"]);
    expect(status).toBe(0);
    expect(Buffer.from(bytes).equals(readFileSync(path))).toBe(true);
    expect(Buffer.from(bytes).toString("latin1")).toContain("/file-0");
    expect((await store(["mount"])).stdout).toBe("");
    const absent = await store(["export", "absent"]);
    expect(absent.status).toBe(2);
    expect(absent.stderr).toContain('no container and no image "absent"');
  });
});

describe("dray prune, check and info", () => {
  it("prune removes images without a name, and says what it would remove", async () => {
    await filled();
    await store(["untag", "base:2"]);
    const would = /^[0-9a-f]{64}\nwould be removed: 1 layer\nabout .*B would be free\n$/;
    const dry = await store(["prune", "--dry-run"]);
    expect([dry.stdout.slice(0, 64), dry.stderr]).toEqual([idOf(other), ""]);
    expect(dry.stdout).toMatch(would);
    expect((await store(["prune", "--force", "--filter", "label=seed=first"])).stdout).toBe("");
    const pruned = await store(["prune", "--force"]);
    expect(pruned.stdout).toMatch(/^[0-9a-f]{64}\nremoved: 1 layer\nabout .*B are free\n$/);
    expect([pruned.stdout.slice(0, 64), pruned.stderr]).toEqual([idOf(other), ""]);
    expect(await names()).toEqual(["localhost/app:latest", "quay.io/me/app:1"]);
    expect((await store(["prune"])).stderr).toContain("prune asks first, and there is no terminal");
    expect((await store(["prune", "--all", "--force"])).stdout.split("\n")[0]).toBe(idOf(image));
  });

  it("check finds what is damaged, and repairs it", async () => {
    await filled();
    const sound = await store(["check"]);
    expect(sound).toMatchObject({ status: 0, stderr: "" });
    expect(sound.stdout).toMatch(
      /^nothing is wrong: 2 images, 3 layers, 0 containers, .* read and compared\n$/,
    );
    writeFileSync(join(place, "root", "vfs-images", idOf(other), "manifest"), "{}");
    const found = await store(["check"]);
    expect(found.status).toBe(1);
    expect(found.stdout).toContain(`(image ${idOf(other).slice(0, 12)})`);
    const json = JSON.parse((await store(["check", "--json"])).stdout) as { findings: { code: string }[] };
    expect(json.findings.map(({ code }) => code)).toEqual(["image-data-changed"]);
    const kept = await store(["check", "--repair"]);
    expect(kept.status).toBe(1);
    expect(kept.stdout).toContain(`left as it is: image ${idOf(other)}`);
    expect(kept.stderr).toContain(
      `1 image would be lost to repair the rest: ${idOf(other).slice(0, 12)} doc`,
    );
    expect(await names()).toContain("docker.io/library/base:2");
    const terminal = (answer: string) => ({ stdin: Object.assign(Readable.from([answer]), { isTTY: true }) });
    const question = `image ${idOf(other).slice(0, 12)} docker.io/library/base:2\nThis removes 1 image, to be pulled again. Go on? [y/N] `;
    const refused = await store(["check", "--repair"], terminal("n\n"));
    expect(refused).toMatchObject({ status: 1, stdout: expect.stringContaining(question) });
    expect(await names()).toContain("docker.io/library/base:2");
    const repaired = await store(["check", "--repair"], terminal("y\n"));
    expect(repaired.stdout.slice(0, question.length)).toBe(question);
    expect(repaired).toMatchObject({ status: 0, stderr: "" });
    expect(repaired.stdout).toContain(`lost: image ${idOf(other).slice(0, 12)} docker.io/library/base:2`);
    const quick = await store(["check", "--quick"]);
    expect(quick.status).toBe(0);
    expect(quick.stdout).toMatch(/^nothing is wrong: 1 image, /);
    expect(await names()).toEqual(["localhost/app:latest", "quay.io/me/app:1"]);
  });

  it("check --repair --force asks nothing", async () => {
    await filled();
    writeFileSync(join(place, "root", "vfs-images", idOf(other), "manifest"), "{}");
    expect(await store(["check", "--repair", "--force"])).toMatchObject({ status: 0, stderr: "" });
    expect(await names()).toEqual(["localhost/app:latest", "quay.io/me/app:1"]);
  });

  it.each(["overlay", "vfs"])("what only reads makes no %s store, and finds none", async (driver) => {
    const flags = ["--root", join(place, "typo"), "--runroot", join(place, "typo-run")];
    for (const command of ["images", "check", "info"]) {
      const ran = await dray([command, ...flags, "--storage-driver", driver], { env: { HOME: place } });
      expect({ command, ...ran }).toMatchObject({ command, status: 0, stderr: "" });
    }
    expect(readdirSync(place)).toEqual([]);
  });

  it("info says where the store is and what it holds", async () => {
    await filled();
    const { stdout } = await store(["info"]);
    expect(stdout).toContain(`graphDriverName: vfs\ngraphRoot: ${join(place, "root")}\n`);
    expect(JSON.parse((await store(["info", "--format", "json"])).stdout)).toMatchObject({
      store: { graphDriverName: "vfs", imageStore: { number: 2 }, layerStore: { number: 3 } },
    });
    expect((await store(["info", "-f", "{{.store.runRoot}}"])).stdout.trim()).toBe(join(place, "run"));
  });
});
