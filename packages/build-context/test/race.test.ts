import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDrayageError } from "@drayage/errors";
import { afterEach, beforeEach, expect, it } from "vitest";
import { addToRootfs, packSources } from "../src/index.ts";

let base: string;
let contextDir: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "drayage-"));
  contextDir = join(base, "context");
  for (const [folder, content] of [
    ["context/t/d", "inside"],
    ["outside", "OUTSIDE"],
  ] as const) {
    mkdirSync(join(base, folder), { recursive: true });
    for (let at = 0; at < 30; at++) writeFileSync(join(base, folder, `f${at}`), content);
  }
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Whether who goes by the path alone is led outside just now. */
function isLedAstray(): boolean {
  try {
    return readFileSync(join(contextDir, "t/d/f0"), "utf8") === "OUTSIDE";
  } catch {
    return false;
  }
}

const ways: readonly [name: string, add: (round: number) => Promise<Uint8Array>][] = [
  ["packed", () => packed(["t"])],
  ["found by a pattern", () => packed(["t/d/f1?"])],
  ["put into a root file system", (round) => put(join(base, `rootfs${round}`))],
];

async function packed(sources: readonly string[]): Promise<Uint8Array> {
  await using found = await packSources(sources, "/x/", { contextDir });
  const chunks: Uint8Array[] = [];
  for await (const chunk of found.tar()) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

async function put(rootfs: string): Promise<Uint8Array> {
  mkdirSync(rootfs);
  await addToRootfs(rootfs, ["t/d/f7", "t/d/f8"], "/x/", { contextDir });
  return Buffer.concat(["f7", "f8"].map((name) => readFileSync(join(rootfs, "x", name))));
}

it.each(ways)(
  "nothing outside is read while another process swaps a folder and a link: %s",
  async (_, add) => {
    const swapper = fork(
      new URL("./support/swapper.mjs", import.meta.url),
      [join(contextDir, "t/d"), join(base, "aside"), join(base, "outside")],
      { execArgv: [] },
    );
    const ended = once(swapper, "exit");
    try {
      await once(swapper, "message");
      let astray = 0;
      let whole = 0;
      for (let round = 0; round < 50 || astray < 2 || whole < 2; round++) {
        const read = await add(round).catch((error: unknown) => {
          // The folder is not there for a moment, or a link that leads nowhere within the context.
          if (isDrayageError(error, "ERR_DRAYAGE_FILE_NOT_FOUND") || isGone(error)) return undefined;
          throw error;
        });
        if (isLedAstray()) astray += 1;
        if (read === undefined) continue;
        expect(Buffer.from(read).includes("OUTSIDE")).toBe(false);
        if (Buffer.from(read).includes("inside")) whole += 1;
      }
    } finally {
      swapper.kill("SIGKILL");
      await ended;
    }
  },
);

/** A file that was found, and is not there any more when it is read. */
function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
