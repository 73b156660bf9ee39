import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sysBase } from "@drayage/sys";
import { describeWithPeers, run } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleForNode } from "../../../../tools/build/bundle.ts";

describeWithPeers("an image that is made again elsewhere", ["root"], () => {
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "drayage-"));
    program = await bundleForNode(join(import.meta.dirname, "..", "support", "repeat-worker.ts"), folder);
    for (const [name, order] of [
      ["one", ["a", "b", "é", "Z"]],
      ["another", ["Z", "é", "b", "a"]],
    ] as const) {
      const context = join(folder, name);
      for (const file of order) {
        mkdirSync(join(context, "folder", file), { recursive: true });
        for (const path of [join(context, file), join(context, "folder", file, "deep")]) {
          writeFileSync(path, file);
          chmodSync(path, 0o640);
        }
      }
      symlinkSync("a", join(context, "link"));
      linkSync(join(context, "Z"), join(context, "again"));
      for (const path of ["folder/a", "folder/b", "folder/é", "folder/Z", "folder", "."])
        chmodSync(join(context, path), 0o755);
      // Both were checked out after the time that counts; one file is older, and keeps its time.
      if (name === "one") utimesSync(join(context, "b"), 1_700_000_000, 1_700_000_000);
      utimesSync(join(context, "folder/a/deep"), 1_400_000_000, 1_400_000_000);
    }
    writeFileSync(join(folder, "passwd"), "admin:x:0:0::/:/bin/sh\nsomebody:x:12:34::/:/bin/sh\n");
    writeFileSync(join(folder, "group"), "admins:x:0:\npeople:x:34:\n");
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  let count = 0;
  async function make(
    machine: "another" | "one",
    [what, format, seconds]: readonly string[],
    variables: Readonly<Record<string, string | undefined>>,
  ): Promise<unknown> {
    count += 1;
    const args = [
      program,
      sysBase(),
      what ?? "",
      join(folder, `out-${count}`),
      join(folder, machine),
      format ?? "",
      seconds ?? "",
    ];
    const usual = { SOURCE_DATE_EPOCH: undefined, HOME: join(folder, `home-${machine}`), ...variables };
    if (machine === "one") {
      const env = { ...usual, TZ: "UTC", LANG: "C", LC_ALL: "C", UMASK: "22", HOSTNAME: "one" };
      return JSON.parse((await run(process.execPath, args, { env })).stdout);
    }
    const env = {
      ...usual,
      TZ: "Pacific/Chatham",
      LANG: "de_DE.UTF-8",
      LC_ALL: "de_DE.UTF-8",
      UMASK: "77",
      HOSTNAME: "another",
    };
    // Another machine's users have other names.
    const script =
      'mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group && shift && exec "$@"';
    const words = ["--mount", "sh", "-c", script, "sh", folder, process.execPath, ...args];
    return JSON.parse((await run("unshare", words, { env })).stdout);
  }

  const cases = ["overlay", "vfs", "pipeline"].flatMap((what) => [
    { what, format: "oci", seconds: "", epoch: "1600000000" },
    { what, format: "docker", seconds: "", epoch: "1600000000" },
    { what, format: "oci", seconds: "1600000000", epoch: undefined },
    { what, format: "docker", seconds: "1600000000", epoch: undefined },
  ]);

  it.each(cases)(
    "$what, $format, timestamp '$seconds', SOURCE_DATE_EPOCH $epoch: has the same digest",
    async (one) => {
      const settings = [one.what, one.format, one.seconds];
      const variables = { SOURCE_DATE_EPOCH: one.epoch };
      const first = await make("one", settings, variables);
      expect(await make("another", settings, variables)).toEqual(first);
      // What is said of the time does count.
      const later = one.epoch === undefined ? [one.what, one.format, "1600000001"] : settings;
      const other = await make("one", later, { SOURCE_DATE_EPOCH: one.epoch && "1600000001" });
      expect(other).not.toEqual(first);
    },
  );

  it.each(["pipeline", "vfs"])("%s: made without privileges, it has the same digest", async (what) => {
    const own = join(folder, `unprivileged-${what}`);
    mkdirSync(join(own, "context"), { recursive: true });
    for (const name of ["a", "b"]) writeFileSync(join(own, "context", name), name);
    chmodSync(folder, 0o755);
    for (const path of [own, join(own, "context"), join(own, "context/a"), join(own, "context/b")])
      chownSync(path, 65_534, 65_534);
    const env = { SOURCE_DATE_EPOCH: "1600000000", HOME: own, TMPDIR: own };
    const words = (out: string) => [
      program,
      sysBase(),
      what,
      join(own, out),
      join(own, "context"),
      "oci",
      "",
    ];
    const drop = ["--reuid", "65534", "--regid", "65534", "--clear-groups", process.execPath];
    const unprivileged = async (out: string): Promise<string> =>
      (await run("setpriv", [...drop, ...words(out)], { env })).stdout;
    const first = await unprivileged("first");
    // In a store all files belong to whoever unpacks them: what root makes has other owners.
    const second =
      what === "pipeline"
        ? (await run(process.execPath, words("second"), { env })).stdout
        : await unprivileged("second");
    expect(second).toBe(first);
    expect(first).toMatch(/^\["sha256:[0-9a-f]{64}",\["sha256:/);
  });
});
