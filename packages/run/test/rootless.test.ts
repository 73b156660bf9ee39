import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import { findProgram } from "../src/programs.ts";
import { bundledScript } from "./bundled.ts";
import { smallRoot } from "./small-root.ts";

const nobody = 65534;

function unavailable(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "it needs root, to become nobody";
  if (findProgram("setpriv") === undefined) return "util-linux is not installed";
  const as = ["--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "-Urm", "true"];
  return spawnSync("setpriv", as).status === 0 ? undefined : "this machine has no user namespaces for users";
}

const reason = unavailable();
const suite = reason === undefined ? describe : describe.skip;

suite(`as nobody${reason === undefined ? "" : ` [skipped: ${reason}]`}`, () => {
  let folder = "";
  let root = "";
  let script = "";
  beforeAll(async () => {
    folder = temporaryDirectory();
    chmodSync(folder, 0o755);
    root = path.join(folder, "root");
    mkdirSync(root);
    smallRoot(root);
    execFileSync("chown", ["-R", `${nobody}:${nobody}`, root]);
    const home = path.join(folder, "home");
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, nobody, nobody);
    script = await bundledScript(
      folder,
      "script",
      `import { inUserNamespace, runCommand, runInUserNamespace } from "../src/index.ts";
      const { again, ...options } = JSON.parse(process.argv[2] ?? "");
      async function main() {
        if (again && !inUserNamespace()) return (await runInUserNamespace([process.execPath, ...process.argv.slice(1)])).exitCode;
        return (await runCommand(options)).exitCode;
      }
      main().then((code) => process.exit(code), (error) => {
        console.error(error.code, error.message, error.cause?.message);
        process.exit(125);
      });`,
    );
  });

  function asNobody(options: object): { status: number | null; stdout: string; stderr: string } {
    const args = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", process.execPath, script];
    const { status, stdout, stderr } = spawnSync(
      "setpriv",
      [...args, JSON.stringify({ rootfs: root, env: ["PATH=/bin"], ...options })],
      {
        encoding: "utf8",
        env: { PATH: process.env.PATH, HOME: path.join(folder, "home"), TMPDIR: path.join(folder, "home") },
        cwd: "/",
      },
    );
    return { status, stdout, stderr };
  }

  it.each(["chroot", "rootless"])(
    "%s: a command is root of its own, and its files are nobody's",
    (isolation) => {
      const command = ["sh", "-c", `id -u; touch /made-${isolation}; cat /etc/hostname; echo $$; exit 5`];
      const outcome = asNobody({ isolation, runtime: "runc", command, hostname: "box", cwd: "/w" });
      expect(outcome).toEqual({ status: 5, stdout: "0\nbox\n1\n", stderr: "" });
      expect(readdirSync(root)).toContain(`made-${isolation}`);
      expect(
        execFileSync("stat", ["-c", "%u", path.join(root, `made-${isolation}`)], { encoding: "utf8" }),
      ).toBe(`${nobody}\n`);
    },
  );

  it.each(["chroot", "rootless"])(
    "%s: the same in a user namespace that there is already, as that of dray unshare",
    (isolation) => {
      const command = ["sh", "-c", "id -u; exit 6"];
      expect(asNobody({ again: true, isolation, runtime: "runc", command })).toEqual({
        status: 6,
        stdout: "0\n",
        stderr: "",
      });
    },
  );

  it.skipIf(findProgram("slirp4netns") === undefined || !existsSync("/dev/net/tun"))(
    "rootless: a private network has a way out, in a namespace that is made or that there is already",
    () => {
      const command = ["sh", "-c", "cat /proc/net/dev"];
      for (const again of [false, true]) {
        const outcome = asNobody({
          again,
          isolation: "rootless",
          runtime: "runc",
          network: "private",
          command,
        });
        expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\s*tap0:/m), stderr: "" });
      }
    },
  );

  it("a change that is not kept (O) works on an overlay of the user", () => {
    const source = path.join(folder, "home", "source");
    mkdirSync(source);
    cpSync(path.join(root, "etc/group"), path.join(source, "group"));
    chownSync(source, nobody, nobody);
    const mounts = [{ type: "overlay", source, destination: "/over", options: [] }];
    const command = ["sh", "-c", "rm /over/group; touch /over/new; ls /over"];
    for (const isolation of ["chroot", "rootless"])
      expect(asNobody({ isolation, runtime: "runc", command, mounts })).toEqual({
        status: 0,
        stdout: "new\n",
        stderr: "",
      });
    expect(readdirSync(source)).toEqual(["group"]);
  });

  it("another user than root is refused where the namespace has none", () => {
    const { status, stderr } = asNobody({ isolation: "chroot", command: ["id"], user: "app" });
    expect([status, stderr]).toEqual([125, expect.stringContaining("ERR_DRAYAGE_RUNTIME")]);
  });

  it.each(["chroot", "rootless"])(
    "%s: another user than root is refused in a namespace without it, in a sentence",
    (isolation) => {
      const options = { again: true, isolation, runtime: "runc", command: ["id"] };
      const message =
        "ERR_DRAYAGE_OWNER_NOT_FOUND the user namespace has only root (id 0), so there is no user";
      for (const user of ["1000", "app"])
        expect(asNobody({ ...options, user })).toMatchObject({
          status: 125,
          stdout: "",
          stderr: expect.stringMatching(new RegExp(`^${message.replaceAll(/[()]/g, "\\$&")} \\d+ in it`)),
        });
    },
  );
});
