import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { run, temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import { dray, drayBinary } from "../src/dray.ts";
import { type Edit, editLines, writeEditSamples } from "../src/edit-samples.ts";

const folder = temporaryDirectory();
const tar = path.join(folder, "gzip", "more.tar");

/** Where an edit is done: neither shows in its result. */
const machines = ["one", "other"].map((name) => {
  const home = path.join(folder, name);
  const isOne = name === "one";
  return {
    home,
    umask: isOne ? "022" : "077",
    env: {
      HOME: home,
      TMPDIR: home,
      XDG_CACHE_HOME: path.join(home, "cache"),
      USER: isOne ? "root" : "someone",
      LOGNAME: isOne ? "root" : "someone",
      HOSTNAME: name,
      TZ: isOne ? "UTC" : "Asia/Kolkata",
      LANG: isOne ? "C" : "tr_TR.UTF-8",
      LC_ALL: isOne ? "C" : "tr_TR.UTF-8",
      UV_THREADPOOL_SIZE: isOne ? "4" : "1",
    },
  };
});

/** What an image is stored as, and what a new layer of it becomes. */
const kinds = [
  { name: "OCI with gzip", compression: "gzip", format: "oci", flags: [] },
  { name: "OCI with zstd", compression: "zstd", format: "oci", flags: ["--dest-compress-format", "zstd"] },
  { name: "docker v2s2", compression: "gzip", format: "v2s2", flags: [] },
] as const;

beforeAll(async () => {
  for (const { home } of machines) mkdirSync(home);
  for (const compression of ["gzip", "zstd"] as const)
    await writeEditSamples(path.join(folder, compression), { compression, layerSize: 400_000 });
  for (const name of ["app", "old", "new"]) {
    const from = `oci-dir:${folder}/gzip/layout:${name}`;
    await dray(["copy", "--quiet", "--format", "v2s2", from, `dir:${folder}/docker-${name}`]);
  }
});

describe.each(kinds)("of an image in $name", ({ compression, format, flags }) => {
  const at = (name: string): string =>
    format === "oci" ? `oci-dir:${folder}/${compression}/layout:${name}` : `dir:${folder}/docker-${name}`;
  const lines = editLines(tar, at);

  it.each(Object.keys(lines) as Edit[])(
    "%s gives the same digest again, on another machine",
    async (edit) => {
      const isRead = ["rebase", "mutate"].includes(edit);
      const more = edit === "append" ? ["--created", "86400"] : [];
      const digests = await Promise.all(
        machines.map(async ({ home, umask, env }) => {
          const own = path.join(home, `${compression}-${format}-${edit}`);
          const to = format === "oci" ? `oci-dir:${own}:x` : `dir:${own}`;
          const line = [...lines[edit], ...(isRead ? [] : flags), ...more, at("app"), to];
          const shell = `umask ${umask}; exec "$0" "$@"`;
          const { stdout } = await run("sh", ["-c", shell, process.execPath, drayBinary, ...line], {
            cwd: home,
            env: { SOURCE_DATE_EPOCH: undefined, ...env },
          });
          return stdout;
        }),
      );
      expect(new Set(digests).size).toBe(1);
      expect(digests[0]).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    },
  );
});

describe("append", () => {
  const scratch = async (layer: string, to: string, input?: string): Promise<string> => {
    const line = [
      "append",
      "--quiet",
      "--created",
      "0",
      "--created-by",
      "x",
      "--layer",
      layer,
      "scratch",
      to,
    ];
    const shell = input === undefined ? 'exec "$0" "$@"' : `cat '${input}' | "$0" "$@"`;
    return (await run("sh", ["-c", shell, process.execPath, drayBinary, ...line], {})).stdout;
  };

  it("of standard input is that of a file, compressed or not", async () => {
    const gzipped = path.join(folder, "more.tar.gz");
    writeFileSync(gzipped, gzipSync(readFileSync(tar)));
    for (const file of [tar, gzipped]) {
      const ofFile = await scratch(file, `oci-dir:${folder}/by-file:x`);
      expect(await scratch("-", `oci-dir:${folder}/by-pipe:x`, file)).toBe(ofFile);
    }
  });

  it("without a time is another image each time, as its help says", async () => {
    const lines = [1, 2].map(() => [
      "append",
      "--quiet",
      "--layer",
      tar,
      "scratch",
      `oci-dir:${folder}/times:x`,
    ]);
    const digests: string[] = [];
    for (const line of lines)
      digests.push((await dray(line, { env: { SOURCE_DATE_EPOCH: undefined } })).stdout);
    expect(new Set(digests).size).toBe(2);
    const timed: string[] = [];
    for (const line of lines) timed.push((await dray(line, { env: { SOURCE_DATE_EPOCH: "0" } })).stdout);
    expect(new Set(timed).size).toBe(1);
    const help = (await dray(["append", "--help"])).stdout.replaceAll(/\s+/g, " ");
    expect(help).toContain("unless --created, --timestamp or SOURCE_DATE_EPOCH");
  });
});
