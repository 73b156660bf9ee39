import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readImage } from "@drayage/testkit";
import { HandMadeLayout, named, putImage, treeOf } from "@drayage-internal/fixtures/layouts";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { ociArchive } from "../src/index.ts";

const transport = ociArchive();
let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

async function copy(from: string, to: string): Promise<void> {
  await using input = await transport.openSource?.(transport.parse(from));
  await using output = await transport.openDestination?.(transport.parse(to));
  if (!input || !output) throw new Error("it should read and write");
  await putImage(input, output);
  await output.commit();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describeWithPeers("oci-archive: with its peers", ["skopeo", "umoci"], (peers) => {
  const skopeo = (...args: string[]): string => run(peers.skopeo, "--insecure-policy", ...args);
  beforeEach(() => {
    run(peers.umoci, "init", "--layout", at("in"));
    run(peers.umoci, "new", "--image", `${at("in")}:a`);
    writeFileSync(at("file"), "text");
    run(peers.umoci, "insert", "--rootless", "--image", `${at("in")}:a`, at("file"), "/file");
    skopeo("copy", "-q", `oci:${at("in")}:a`, `oci-archive:${at("theirs.tar")}:v1`);
  });

  function unpack(path: string): Record<string, string> {
    mkdirSync(`${path}.d`);
    run("tar", "-C", `${path}.d`, "-xf", path);
    return treeOf(`${path}.d`);
  }

  it("what skopeo wrote is read, and written again has the same files and headers", async () => {
    await copy(`${at("theirs.tar")}:v1`, `${at("ours.tar")}:v1`);
    expect(unpack(at("ours.tar"))).toEqual(unpack(at("theirs.tar")));
    // All but the time, the order of the blobs, and the owner: skopeo 1.9.3 names the user that it runs as.
    const headers = (path: string): string[] =>
      run("tar", "--numeric-owner", "-tvf", path)
        .trim()
        .split("\n")
        .map((line) => line.replace(/^(\S+) \S+ +/, "$1 ").replace(/ [0-9-]{10} [0-9:]{5} /, " "))
        .sort();
    expect(headers(at("ours.tar"))).toEqual(headers(at("theirs.tar")));
    expect(readFileSync(at("ours.tar")).length).toBe(readFileSync(at("theirs.tar")).length);
  });

  it("skopeo and umoci read what was written", async () => {
    await copy(`${at("theirs.tar")}:v1`, `${at("ours.tar")}:v1`);
    const raw = skopeo("inspect", "--raw", `oci:${at("in")}:a`);
    expect(skopeo("inspect", "--raw", `oci-archive:${at("ours.tar")}:v1`)).toBe(raw);
    skopeo("copy", "-q", `oci-archive:${at("ours.tar")}:v1`, `dir:${at("dir")}`);
    unpack(at("ours.tar"));
    run(peers.umoci, "unpack", "--rootless", "--image", `${at("ours.tar.d")}:v1`, at("bundle"));
    expect(readFileSync(at("bundle", "rootfs", "file"), "utf8")).toBe("text");
  });

  it.each(["gzip", "bzip2", "xz", "zstd"])(
    "an archive that was compressed with %s is read",
    async (program) => {
      if (spawnSync(program, ["--version"]).error !== undefined) return;
      run(program, "-f", "-k", at("theirs.tar"));
      const compressed = readdirSync(folder).find((name) => name.startsWith("theirs.tar."));
      const source = await transport.openSource?.(transport.parse(at(compressed ?? "")), {
        temporaryDir: folder,
      });
      if (source) expect((await readImage(source)).manifest.bytes.length).toBeGreaterThan(0);
      await source?.close();
    },
  );
});

describeWithPeers("oci-archive: a full disk", ["root"], () => {
  it("ends a copy with an error, and leaves the earlier archive", async () => {
    const layout = new HandMadeLayout(at("in"));
    layout.index([layout.image(["x".repeat(3_000_000)])]);
    run("tar", "-C", at("in"), "-cf", at("in.tar"), ".");
    mkdirSync(at("disk"));
    run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", at("disk"));
    try {
      writeFileSync(at("disk", "out.tar"), "earlier");
      await expect(copy(at("in.tar"), at("disk", "out.tar"))).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IO",
      });
      expect(treeOf(at("disk"))).toEqual({ "out.tar": "644 earlier" });
    } finally {
      run("umount", at("disk"));
    }
  });
});

describeWithPeers("oci-archive: in a process of its own", [], () => {
  beforeEach(() => {
    const layout = new HandMadeLayout(at("in"));
    const layers = Array.from({ length: 8 }, (_, number) => String(number).repeat(400_000));
    layout.index([layout.image(layers, named("v1"))]);
    run("tar", "-C", at("in"), "-cf", at("in.tar"), ".");
  });

  it("/dev/stdout gets the archive, and a pipe whose reader went away is an error", async () => {
    const worker = await bundleForNode(join(import.meta.dirname, "copy-worker.ts"), folder);
    const piped = spawnSync(process.execPath, [worker, at("in.tar"), "/dev/stdout"], { maxBuffer: 1e8 });
    expect([piped.status, piped.stderr.toString()]).toEqual([0, ""]);
    await copy(at("in.tar"), at("out.tar"));
    expect(piped.stdout.equals(readFileSync(at("out.tar")))).toBe(true);
    run("sh", "-c", `${process.execPath} ${worker} ${at("in.tar")} /dev/stdout > ${at("redirected.tar")}`);
    expect(readFileSync(at("redirected.tar")).equals(readFileSync(at("out.tar")))).toBe(true);
    const closed = `${process.execPath} ${worker} ${at("in.tar")} /dev/stdout 2>${at("error")} | true; cat ${at("error")}`;
    expect(run("bash", "-c", closed)).toContain("the reader closed the pipe (EPIPE)");
  });

  it("that is killed leaves the earlier archive or the new one, and the next copy clears up", async () => {
    const worker = await bundleForNode(join(import.meta.dirname, "copy-worker.ts"), folder);
    mkdirSync(at("out"));
    writeFileSync(at("out", "image.tar"), "earlier");
    await copy(at("in.tar"), at("whole.tar"));
    const whole = readFileSync(at("whole.tar"));
    for (let round = 0; round < 8; round++) {
      const script = `${process.execPath} ${worker} ${at("in.tar")} ${at("out", "image.tar")} & sleep 0.${String(12 + round * 3)}; kill -9 $!; wait`;
      spawnSync("sh", ["-c", script]);
      const found = readFileSync(at("out", "image.tar"));
      const state = found.equals(whole) ? "new" : found.toString("utf8", 0, 100);
      expect(["earlier", "new"]).toContain(state);
      writeFileSync(at("out", "image.tar"), "earlier");
    }
    await copy(at("in.tar"), at("out", "image.tar"));
    expect(readdirSync(at("out"))).toEqual(["image.tar"]);
  });
});
