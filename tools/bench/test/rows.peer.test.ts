import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { smallImage, smallImageNeeds } from "@drayage-internal/fixtures";
import { describeWithPeers, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { type Bench, openBench } from "../src/bench.ts";
import { pathOf } from "../src/inputs.ts";
import { measure } from "../src/measure.ts";
import { allRows, namedRows } from "../src/rows/all.ts";
import { runRows } from "../src/run-rows.ts";
import { verifyImage } from "../src/verify.ts";

/** The layers of the small image make 4.7 MB, most of it zeros. */
const [fewestBytes, mostBytes] = [300_000, 500_000];

const openSmall = (): Promise<Bench> => openBench({ image: smallImage, quick: true, runs: 2 });

describeWithPeers("the bench", [...smallImageNeeds, "skopeo", "gzip", "zstd", "python3"], (peers) => {
  it("a row is measured beside skopeo and verified, and what it made is gone in the end", async () => {
    const left = await temporaryFilesOf(async (bench) => {
      const [result] = await runRows(namedRows(allRows, ["gzip"]), { bench, onRow: () => {} });
      if (result?.state !== "measured") throw new Error(JSON.stringify(result));
      expect(result.samples).toHaveLength(2);
      const sizes = [result.ours.resultBytes ?? 0, result.theirs?.resultBytes ?? 0];
      expect(Math.min(...sizes)).toBeGreaterThan(fewestBytes);
      expect(Math.max(...sizes)).toBeLessThan(mostBytes);
      expect(result.figures.bytes).toBeCloseTo((sizes[0] ?? 0) / (sizes[1] ?? 1), 5);
    });
    expect(left).toEqual([]);
  });

  it("a row whose program fails has failed, with what the program said", async () => {
    await using bench = await openSmall();
    const place = bench.newPlace("failing");
    const failing = { program: peers.gzip, args: ["--test", "/nowhere"] };
    await expect(measure(failing, place)).rejects.toThrow(/exit code 1\n.*No such file/);
    const [gzip] = namedRows(allRows, ["gzip"]);
    if (gzip === undefined) throw new Error("the row is gone");
    const row = { ...gzip, run: () => measure(failing, place).then(() => Promise.reject(new Error("?"))) };
    const [result] = await runRows([row], { bench, onRow: () => {} });
    expect(result).toMatchObject({ state: "failed", reason: expect.stringContaining("No such file") });
  });

  it("what a program wrote, took and printed is told", async () => {
    await using bench = await openSmall();
    const place = bench.newPlace("measured");
    const script = 'head -c 1000 /dev/zero > "$1"; echo printed';
    const args = ["-c", script, "sh", path.join(place.folder, "zeros")];
    const stdout = path.join(place.scratch, "stdout");
    const taken = await measure({ program: "/bin/sh", args, stdout }, place);
    expect(taken.resultBytes).toBe(1000);
    expect(taken.peakBytes).toBeGreaterThan(500_000);
    expect(readFileSync(stdout, "utf8")).toBe("printed\n");
  });

  it("skopeo remembers nothing from one run to the next", async () => {
    await using bench = await openSmall();
    const { folder, scratch } = bench.newPlace("memory");
    const args = [
      "--insecure-policy",
      "copy",
      "--quiet",
      await bench.inputs.archive(),
      `dir:${folder}/image`,
    ];
    await measure({ program: peers.skopeo, args }, { folder, scratch });
    expect(existsSync(path.join(scratch, "data/containers/cache/blob-info-cache-v1.boltdb"))).toBe(true);
  });

  it("a wrong result is found: a changed byte, a cut blob, another image", async () => {
    await using bench = await openSmall();
    const diffIds = await bench.inputs.diffIds();
    const reference = await bench.inputs.gzipLayout();
    const check = (wanted: readonly string[]): Promise<void> =>
      verifyImage(reference, { diffIds: wanted, scratch: bench.newPlace("check").scratch });
    await check(diffIds);
    await expect(check(diffIds.toReversed())).rejects.toThrow("should have");
    const { gzip } = await bench.inputs.layer();
    expect(gzip.startsWith(pathOf(reference))).toBe(true);
    const bytes = readFileSync(gzip);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    writeFileSync(gzip, bytes);
    await expect(check(diffIds)).rejects.toThrow(/digest/i);
    truncateSync(gzip, 1000);
    await expect(check(diffIds)).rejects.toThrow();
    appendFileSync(gzip, "more");
    await expect(check(diffIds)).rejects.toThrow();
  });
});

const registryNeeds = [
  ...smallImageNeeds,
  "skopeo",
  "gzip",
  "python3",
  "docker-registry",
  "openssl",
] as const;

describeWithPeers("the bench of registries", registryNeeds, () => {
  it("every row is measured beside skopeo and verified, and neither files nor registries are left", async () => {
    const left = await temporaryFilesOf(async (opened) => {
      const bench = { ...opened, pace: { pairs: 1 }, startPairs: 1 };
      const results = await runRows(namedRows(allRows, ["registry"]), { bench, onRow: () => {} });
      expect(results.map((row) => (row.state === "measured" ? row.state : row.reason))).toEqual(
        results.map(() => "measured"),
      );
      const made = Object.fromEntries(
        results.map((row) => [row.name, row.state === "measured" ? row.ours.resultBytes : undefined]),
      );
      for (const name of ["registry-push", "registry-compress", "registry-pull", "registry-pull-tls"]) {
        expect(made[name], name).toBeGreaterThan(fewestBytes);
        expect(made[name], name).toBeLessThan(mostBytes);
      }
      expect(made["registry-inflate"]).toBeGreaterThan(4_700_000);
      // They leave nothing in their own folder.
      expect([made["registry-mount"], made["registry-digest"]]).toEqual([0, 0]);
    });
    expect(left).toEqual([]);
  });

  it("a registry that has lost a blob fails the row", async () => {
    await using bench = await openSmall();
    const folder = await bench.inputs.registry();
    const data = filesBelow(folder).filter((file) => file.endsWith("/data"));
    const largest = data.toSorted((a, b) => statSync(b).size - statSync(a).size)[0] ?? "";
    rmSync(largest);
    const [pull] = await runRows(namedRows(allRows, ["registry-pull"]), { bench, onRow: () => {} });
    expect(pull).toMatchObject({ state: "failed", reason: expect.stringMatching(/not found|unknown|404/i) });
  });

  it("a program that prints another digest fails the row", async () => {
    await using bench = await openSmall();
    // The layout that says what is right has another manifest than the registry.
    const inputs = { ...bench.inputs, gzipLayout: () => bench.inputs.zstdLayout() };
    const [digest] = await runRows(namedRows(allRows, ["registry-digest"]), {
      bench: { ...bench, startPairs: 1, inputs },
      onRow: () => {},
    });
    expect(digest).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("the digest is sha256:"),
    });
  });
});

/** What is left in the folder for temporary files after a bench was opened, used and closed. */
async function temporaryFilesOf(use: (bench: Bench) => Promise<void>): Promise<readonly string[]> {
  const folder = temporaryDirectory();
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    await using bench = await openSmall();
    await use(bench);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  return readdirSync(folder);
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
