import { spawnSync } from "node:child_process";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, expect, it } from "vitest";
import { findProgram } from "../src/programs.ts";
import { bundledScript } from "./bundled.ts";
import { describeIsolations } from "./isolations.ts";
import { shell, smallRoot } from "./small-root.ts";

describeIsolations("a terminal", (common) => {
  let root = "";
  let script = "";
  beforeAll(async () => {
    root = smallRoot(temporaryDirectory());
    script = await bundledScript(
      temporaryDirectory(),
      "terminal",
      `import { runCommand } from "../src/index.ts";
      const options = JSON.parse(process.argv[2] ?? "");
      void runCommand({ ...options, stdin: "inherit" }).then(({ exitCode }) => process.exit(exitCode));`,
    );
  });

  it.skipIf(findProgram("script") === undefined)("of ours is the command's, with what is typed", () => {
    const line = 'test -t 0 && test -t 1 && test -t 2 && read answer && echo "answer: $answer"; exit 3';
    const options = { rootfs: root, command: ["/bin/sh", "-c", line], env: ["PATH=/bin"], ...common };
    const quoted = [process.execPath, script, JSON.stringify(options)]
      .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      .join(" ");
    const { status, stdout } = spawnSync(
      "script",
      ["--quiet", "--return", "--command", quoted, "/dev/null"],
      {
        input: "typed\n",
        encoding: "utf8",
      },
    );
    expect([status, stdout.replaceAll("\r", "")]).toEqual([3, expect.stringContaining("answer: typed\n")]);
  });

  it("is none where ours are pipes, and what we are given the command reads", () => {
    const line = "test -t 1 || cat";
    const options = { rootfs: root, command: ["/bin/sh", "-c", line], env: ["PATH=/bin"], ...common };
    const { status, stdout } = spawnSync(process.execPath, [script, JSON.stringify(options)], {
      input: "piped\n",
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([0, "piped\n"]);
  });

  it("that somebody closes ends the command that writes to it", () => {
    const line = "while true; do echo yes; done";
    const options = { rootfs: root, command: ["/bin/sh", "-c", line], env: ["PATH=/bin"], ...common };
    const command = `"$0" "$1" "$2" | head -n 1`;
    const { stdout, stderr } = spawnSync(
      "sh",
      ["-c", command, process.execPath, script, JSON.stringify(options)],
      { encoding: "utf8", timeout: 20_000 },
    );
    expect(stdout).toBe("yes\n");
    expect(stderr).toMatch(/cannot write to stdout: .*\(EPIPE\)/);
  });

  it("that is asked for where there is none is refused", async () => {
    await expect(shell(root, "true", { ...common, terminal: true })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
  });
});
