import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { digestBytes } from "@drayage/digest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { createStagedFile, drain, streamBlob } from "../src/index.ts";
import { pieces, sampleBytes } from "./support/bytes.ts";
import { useFolder } from "./support/folder.ts";

const folder = useFolder();
let bundles: string;
let program: string;
beforeAll(async () => {
  bundles = mkdtempSync(join(tmpdir(), "drayage-"));
  program = await bundleForNode(join(import.meta.dirname, "support", "drain-worker.ts"), bundles);
});
afterAll(() => rmSync(bundles, { recursive: true, force: true }));

it.runIf(process.platform === "linux")("a file is written to a folder that cannot be listed", async () => {
  for (const path of [bundles, folder.path]) chmodSync(path, 0o755);
  const drop = folder.join("drop");
  mkdirSync(drop);
  chmodSync(drop, 0o333);
  const module = await bundleForNode(join(import.meta.dirname, "..", "src", "index.ts"), bundles);
  const source = `
    import { writeFileAtomic } from ${JSON.stringify(module)};
    await writeFileAtomic(process.argv[1], Buffer.from("hello"));`;
  // Root may list every folder.
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  execFileSync(process.execPath, ["--input-type=module", "-e", source, join(drop, "file")], {
    stdio: "inherit",
    ...user,
  });
  expect(readFileSync(join(drop, "file"), "utf8")).toBe("hello");
  chmodSync(drop, 0o755);
  expect(readdirSync(drop)).toEqual(["file"]);
});

describe("a process that drains", () => {
  it("keeps its memory flat over a gibibyte, through buffers and through streams", () => {
    const source = folder.join("sparse");
    writeFileSync(source, "");
    truncateSync(source, 1024 ** 3);
    writeFileSync(`${source}.gz`, gzipSync(new Uint8Array(128 * 1024 ** 2)));
    const output = execFileSync(process.execPath, [program, source], { encoding: "utf8" });
    const rise = JSON.parse(output) as Record<string, number | string>;
    // sha256 of 2^30 zero bytes, as sha256sum gives it.
    const digest = "sha256:49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14";
    expect(rise["buffers digest"]).toBe(digest);
    expect(rise.buffers).toBeLessThan(20 * 1024 ** 2);
    expect(rise.stream).toBeLessThan(100 * 1024 ** 2);
    expect(rise.inflated).toBeLessThan(80 * 1024 ** 2);
  });

  it("leaves a partial when it is killed, which the next run continues", async () => {
    const bytes = sampleBytes(3_000_000);
    const digest = digestBytes(bytes);
    writeFileSync(folder.join("source"), bytes);
    mkdirSync(folder.join("staged"));
    const child = spawn(
      process.execPath,
      [program, folder.join("source"), folder.join("staged"), "1000000"],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    await firstOutput(child);
    child.kill("SIGKILL");
    await once(child, "exit");

    const offsets: (number | undefined)[] = [];
    const blob = streamBlob(
      ({ offset = 0 }) => {
        offsets.push(offset);
        return pieces(bytes.subarray(offset), 100_000);
      },
      { digest, resumable: true },
    );
    await using staged = await createStagedFile(folder.join("staged"), { key: "the-key" });
    expect(staged.present).toBe(4 * 256 * 1024);
    expect(await drain(blob, staged.sink)).toMatchObject({ digest });
    expect(offsets).toEqual([4 * 256 * 1024]);
    await staged.commit(folder.join("final"));
    expect(readFileSync(folder.join("final")).equals(bytes)).toBe(true);
    expect(readdirSync(folder.join("staged"))).toEqual([]);
  });
});

async function firstOutput(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new TypeError("the child has no output");
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => Promise.reject(new Error("the child ended early"))),
  ]);
}
