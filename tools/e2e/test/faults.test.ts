import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { snapshotTree } from "@drayage/testkit";
import { run, temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import { dray, drayBinary } from "../src/dray.ts";
import { writeRandomLayer } from "../src/layers.ts";
import { startDray } from "../src/start.ts";

const mebibyte = 1024 * 1024;
const folder = temporaryDirectory();
const source = `oci-dir:${folder}/source:app`;
const small = `oci-dir:${folder}/source:small`;
const places = ["oci-dir", "dir", "oci-archive", "docker-archive"] as const;

beforeAll(async () => {
  for (const name of ["one", "two", "three"]) writeRandomLayer(`${folder}/${name}.tar`, 24 * mebibyte);
  writeRandomLayer(`${folder}/small.tar`, 1000);
  const layers = ["one", "two", "three"].map((name) => `${folder}/${name}.tar`).join(":");
  await dray(["copy", "--quiet", `tarball:${layers}`, source]);
  await dray(["copy", "--quiet", `tarball:${folder}/small.tar`, small]);
});

/** A reference to a place in a folder of its own, of which all is compared. */
function placeFor(scheme: (typeof places)[number], test: string): { home: string; reference: string } {
  const home = path.join(folder, `${test}-${scheme}`);
  mkdirSync(home);
  const name = scheme.endsWith("archive") ? "place.tar" : "place";
  return {
    home,
    reference: `${scheme}:${home}/${name}${scheme === "oci-dir" || scheme === "oci-archive" ? ":app" : ""}`,
  };
}

/** Where skopeo's rules let an image be replaced. */
const replaceable = places.filter((scheme) => scheme !== "docker-archive");

describe.each(places)("a copy to %s that is interrupted", (scheme) => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("by %s ends with status %i and leaves the place as it was", async (signal, status) => {
    const { home, reference } = placeFor(scheme, `interrupted-${signal}`);
    if (scheme !== "docker-archive") await dray(["copy", "--quiet", small, reference]);
    const before = await snapshotTree(home);
    for (const delay of [0, 30, 60, 120]) {
      const started = startDray(["copy", "--progress=lines", source, reference]);
      await started.said("Copying blob");
      await wait(delay);
      started.child.kill(signal);
      const { code, stderr } = await started.ended;
      // A copy that was faster than the signal has done its work.
      if (code === 0) {
        expect(delay, "the copy ended before the first signal").toBeGreaterThan(0);
        break;
      }
      expect(code).toBe(status);
      expect(stderr.trimEnd().split("\n").at(-1)).toBe("dray: interrupted");
      expect(await snapshotTree(home)).toEqual(before);
    }
  });
});

it("a signal that comes twice at once, from the terminal and from what started dray, is one", async () => {
  const { home, reference } = placeFor("oci-dir", "twice");
  const before = await snapshotTree(home);
  const started = startDray(["copy", "--progress=lines", source, reference]);
  await started.said("Copying blob");
  started.child.kill("SIGINT");
  await wait(5);
  started.child.kill("SIGINT");
  expect((await started.ended).code).toBe(130);
  expect(await snapshotTree(home)).toEqual(before);
});

describe.each(replaceable)("a copy to %s that is killed", (scheme) => {
  it("leaves the earlier image whole, and the next copy succeeds and clears up", async () => {
    const { home, reference } = placeFor(scheme, "killed");
    const fresh = placeFor(scheme, "fresh");
    await dray(["copy", "--quiet", small, fresh.reference]);
    await dray(["copy", "--quiet", source, fresh.reference]);
    await dray(["copy", "--quiet", small, reference]);
    for (const delay of [0, 20, 40, 80, 120, 200, 300]) {
      const started = startDray(["copy", "--progress=lines", source, reference]);
      await started.said("Copying blob");
      await wait(delay);
      started.child.kill("SIGKILL");
      await started.ended;
      await dray(["validate", "--quiet", reference]);
    }
    await dray(["copy", "--quiet", source, reference]);
    await dray(["validate", "--quiet", reference]);
    expect(Object.keys(await snapshotTree(home)).sort()).toEqual(
      Object.keys(await snapshotTree(fresh.home)).sort(),
    );
  });
});

describe("a copy whose destination is full", () => {
  const mount = path.join(folder, "full");
  const mounted = mountSmall(mount);

  it.skipIf(!mounted)("says so on one line, and leaves nothing (needs root and a tmpfs)", async () => {
    try {
      for (const scheme of places) {
        const name = scheme.endsWith("archive") ? "place.tar" : "place";
        const { code, stderr } = await dray(["copy", "--quiet", source, `${scheme}:${mount}/${name}`], {
          mayFail: true,
        });
        expect(code).toBe(1);
        expect(stderr).toMatch(/^dray: destination: [^\n]*no space left on the device[^\n]*\n$/);
        expect(readdirSync(mount)).toEqual([]);
      }
    } finally {
      execFileSync("umount", [mount]);
    }
  });
});

function mountSmall(at: string): boolean {
  if (process.getuid?.() !== 0) return false;
  mkdirSync(at);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", at], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("a source that is not what it says", () => {
  it("a layer that vanished, or was cut off, ends the copy with its digest, and leaves nothing", async () => {
    const copy = path.join(folder, "broken");
    await dray(["copy", "--quiet", source, `dir:${copy}`]);
    const layer = readdirSync(copy).find((name) => /^[0-9a-f]{64}$/.test(name)) ?? "";
    for (const damage of [
      () => truncateSync(path.join(copy, layer), 100),
      () => rmSync(path.join(copy, layer)),
    ]) {
      damage();
      for (const scheme of places) {
        const home = path.join(folder, "from-broken");
        mkdirSync(home);
        const { code, stderr } = await dray(["copy", "--quiet", `dir:${copy}`, `${scheme}:${home}/place`], {
          mayFail: true,
        });
        expect(code, scheme).toBe(1);
        expect(stderr, scheme).toMatch(new RegExp(`^dray: source: [^\\n]*${layer}[^\\n]*\\n$`));
        expect(readdirSync(home), scheme).toEqual([]);
        rmSync(home, { recursive: true });
      }
    }
  });
});

describe("pipes", () => {
  it("an archive written to a pipe is the archive that is written to a file", async () => {
    await dray(["copy", "--quiet", source, `docker-archive:${folder}/file.tar:app:1`]);
    const sink = 'node "$0" copy --quiet "$1" docker-archive:/dev/stdout:app:1 | cmp - "$2"';
    await run("sh", ["-c", sink, drayBinary, source, `${folder}/file.tar`]);
  });

  it("a reader that goes away ends dray at once, without a stack trace", async () => {
    const script =
      '{ node "$0" copy --quiet "$1" docker-archive:/dev/stdout; echo "status $?" >&2; } | head -c 1000 >"$2"';
    const { stderr } = await run("sh", ["-c", script, drayBinary, source, `${folder}/head`]);
    expect(stderr).toMatch(/status [1-9]/);
    expect(stderr).not.toMatch(/\n\s+at |Error:/);
    const inspect = '{ node "$0" inspect "$1"; echo "status $?" >&2; } | true';
    expect((await run("sh", ["-c", inspect, drayBinary, source])).stderr).not.toMatch(/\n\s+at |Error:/);
  });
});

describe("a command that takes too long", () => {
  it("ends with status 1 and says why", async () => {
    const to = `${folder}/timeout`;
    const { code, stderr } = await dray(
      ["copy", "--quiet", "--command-timeout", "1ms", source, `dir:${to}`],
      { mayFail: true },
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: "dray: gave up after 1ms (--command-timeout)\n" });
    expect(existsSync(to)).toBe(false);
  });
});

describe("two copies into one layout at the same time", () => {
  it("lose nothing", async () => {
    const layout = path.join(folder, "shared");
    const names = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(names.map((name) => dray(["copy", "--quiet", small, `oci-dir:${layout}:${name}`])));
    const { stdout } = await dray(["list-tags", "--plain", `oci-dir:${layout}`]);
    expect(stdout.trim().split("\n").sort()).toEqual(names);
    for (const name of names) await dray(["validate", "--quiet", `oci-dir:${layout}:${name}`]);
  });
});

describe("a link named skopeo", () => {
  it("gives dray that tool's manners", async () => {
    const link = path.join(folder, "skopeo");
    symlinkSync(drayBinary, link);
    const { stdout } = await run(process.execPath, [
      link,
      "--insecure-policy",
      "copy",
      small,
      `dir:${folder}/by-link`,
    ]);
    expect(stdout).toContain("Writing manifest to image destination\n");
  });
});
