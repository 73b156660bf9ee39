import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Builder, type BuilderStore, baseImage, builderStore } from "../src/builder-store.ts";
import { unmountBelow } from "../src/shared-store.ts";

const builders = ["buildah", "dray"] as const;

describeWithPeers(
  "commands that are run in working containers",
  ["buildah", "runc", "skopeo", "containers-storage", "root"],
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
    let store: BuilderStore;

    beforeAll(async () => {
      store = await builderStore("overlay", folder);
      for (const builder of builders) {
        await done(builder, ["from", "--name", builder, baseImage]);
        await done(builder, ["copy", "--quiet", builder, "/bin/sleep", "/bin/sleep"]);
      }
    }, 60_000);
    afterAll(() => {
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    });

    async function done(builder: Builder, args: readonly string[]): Promise<string> {
      const { code, stdout, stderr } = await store.by(builder, args);
      expect({ code, stderr }, args.join(" ")).toEqual({ code: 0, stderr: "" });
      return stdout;
    }

    it("leave the same files with runc, whoever runs them", async () => {
      const script = [
        "umask 022; echo $PWD $HOME $A > /what; echo hello > $HOME/file; echo app >> /etc/group",
        "while read -r line; do case $line in NoNewPrivs:*|Seccomp:*|CapBnd:*) echo $line;; esac; done < /proc/self/status >> /what",
      ].join("; ");
      const made: unknown[] = [];
      for (const builder of builders) {
        const name = `files-${builder}`;
        await done(builder, ["from", "--name", name, baseImage]);
        await done(builder, ["config", "--env", "A=1", "--workingdir", "/tmp", name]);
        const run = ["run", "--isolation", "oci", "--runtime", "runc", name, "sh", "-c", script];
        expect(await done(builder, run)).toBe("");
        await done(builder, ["commit", "--quiet", "--timestamp", "0", "--identity-label=false", name, name]);
        made.push((await store.image(`localhost/${name}`)).config);
      }
      expect(made[1]).toEqual(made[0]);
    }, 60_000);

    it.each([
      ["a status of its own", ["sh", "-c", "exit 7"], 7],
      ["a shell's command that is not there", ["sh", "-c", "nosuch"], 127],
      ["a shell's command that is no program", ["sh", "-c", "/tmp"], 126],
      ["a command that is not there", ["nosuch"], 1],
      ["a command that is no program", ["/tmp"], 1],
    ])(
      "end as with buildah: %s",
      async (_, command, status) => {
        for (const isolation of ["oci", "chroot"]) {
          const codes: number[] = [];
          for (const builder of builders)
            codes.push(
              (await store.by(builder, ["run", "--isolation", isolation, builder, ...command])).code,
            );
          expect(codes, isolation).toEqual([status, status]);
        }
      },
      30_000,
    );

    it.each([
      [
        ["run", "--isolation", "oci", "--runtime", "nosuch", "dray", "sh"],
        1,
        /^Error: [^\n]*"nosuch"[^\n]*; [^\n]*runc[^\n]*\n$/,
      ],
      [
        ["run", "dray", "nosuch"],
        1,
        'Error: there is no "nosuch" in the PATH of the container: no such file or directory; check the name, and whether the image has the program; what only a shell knows needs sh -c\n',
      ],
      [
        ["run", "--user", "nosuch", "dray", "sh"],
        125,
        'Error: there is no user "nosuch" in the container\'s /etc/passwd; add the user to the image, or give its number\n',
      ],
      [
        ["copy", "--chown", "nosuch", "dray", "one", "/x"],
        125,
        'Error: adding content to container "dray": the container has no user "nosuch" in its /etc/passwd; give its number, or add the user first\n',
      ],
      [
        ["add", "dray", "nosuch*", "/x"],
        125,
        'Error: adding content to container "dray": nothing on this machine matches "nosuch*"; * and ? stand for no slash, and [ ] for one character; quote patterns so that no shell reads them\n',
      ],
    ] as const)("a mistake is told of with what to do: %s", async (args, code, says) => {
      const told = await store.by("dray", args);
      expect(told).toMatchObject({ code, stdout: "" });
      if (typeof says === "string") expect(told.stderr).toBe(says);
      else expect(told.stderr).toMatch(says);
    });

    describe("when they are interrupted", () => {
      const mounts = (): readonly string[] =>
        readFileSync("/proc/self/mountinfo", "utf8")
          .split("\n")
          .filter((line) => line.includes(folder));
      const running = (seconds: string): boolean =>
        readdirSync("/proc")
          .filter((name) => /^\d+$/.test(name))
          .some((pid) => commandLine(pid).includes(`sleep\0${seconds}`));

      it.each([
        ["SIGINT", "oci", 130],
        ["SIGTERM", "oci", 143],
        ["SIGHUP", "oci", 129],
        ["SIGINT", "chroot", 130],
        ["SIGTERM", "chroot", 143],
        ["SIGHUP", "chroot", 129],
      ] as const)(
        "by %s, with isolation %s: end with status %i, and leave nothing behind",
        async (signal, isolation, status) => {
          const seconds = `98${Math.floor(Math.random() * 1e6)}.5`;
          const script = `echo started >&2; exec sleep ${seconds}`;
          const before = mounts();
          const { child, said, ended } = store.start("dray", [
            "run",
            "--isolation",
            isolation,
            "dray",
            "sh",
            "-c",
            script,
          ]);
          await said("started");
          while (!running(seconds)) await delay(20);
          child.kill(signal);
          expect((await ended).code).toBe(status);
          expect(running(seconds)).toBe(false);
          expect(mounts()).toEqual(before);
          // It can be used as before.
          await done("dray", ["run", "--isolation", isolation, "dray", "sh", "-c", "true"]);
        },
        30_000,
      );
    });
  },
);

/** Empty for a process that has just ended. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
