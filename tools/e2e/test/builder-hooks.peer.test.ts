import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Builder, type BuilderStore, baseImage, builderStore } from "../src/builder-store.ts";
import { unmountBelow } from "../src/shared-store.ts";

describeWithPeers(
  "folders of hooks that the command line names",
  ["buildah", "runc", "skopeo", "containers-storage", "root"],
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
    const called = path.join(folder, "called");
    let store: BuilderStore;

    beforeAll(async () => {
      store = await builderStore("overlay", folder);
      for (const name of ["kept", "once", "bad"]) mkdirSync(path.join(folder, name));
      for (const name of ["kept", "once"]) {
        const hook = { path: "/bin/sh", args: ["sh", "-c", `echo ${name} >> ${called}`] };
        const content = { version: "1.0.0", hook, when: { always: true }, stages: ["prestart"] };
        writeFileSync(path.join(folder, name, "hook.json"), JSON.stringify(content));
      }
      writeFileSync(path.join(folder, "bad", "hook.json"), "{}");
      const made = await store.by("dray", ["from", "--hooks-dir", "../kept", "--name", "hooked", baseImage]);
      expect(made).toMatchObject({ code: 0, stdout: "hooked\n", stderr: "" });
    }, 60_000);
    afterAll(() => {
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    });

    async function run(builder: Builder, ...flags: readonly string[]) {
      rmSync(called, { force: true });
      const args = [
        "run",
        "--isolation",
        "oci",
        "--network",
        "host",
        ...flags,
        "hooked",
        "sh",
        "-c",
        "exit 3",
      ];
      const { code, stderr } = await store.by(builder, args);
      return { code, stderr };
    }

    it("of from are the container's, whoever runs its commands", async () => {
      for (const builder of ["buildah", "dray"] as const) {
        expect((await run(builder)).code, builder).toBe(3);
        expect(readFileSync(called, "utf8"), builder).toBe("kept\n");
      }
    }, 30_000);

    it("of run are for that command alone", async () => {
      expect((await run("dray", "--hooks-dir", "../once")).code).toBe(3);
      expect(readFileSync(called, "utf8")).toBe("once\n");
      const both = ["--hooks-dir", "../once", "--hooks-dir", path.join(folder, "kept")];
      expect((await run("dray", ...both)).code).toBe(3);
      expect(readFileSync(called, "utf8")).toBe("kept\n");
    }, 30_000);

    it("with a file that is no hook are refused with 125", async () => {
      expect(await run("dray", "--hooks-dir", path.join(folder, "bad"))).toEqual({
        code: 125,
        stderr: `Error: the hook "${path.join(folder, "bad/hook.json")}" cannot be used: hook is missing; correct the file as oci-hooks(5) has it, or take it out of the folder\n`,
      });
    }, 30_000);

    it("are told of, and not called, by chroot", async () => {
      const outcome = await run("dray", "--isolation", "chroot");
      expect(outcome.code).toBe(3);
      expect(outcome.stderr).toContain("/kept/hook.json");
      expect(outcome.stderr).toContain("is not called: the isolation chroot calls none");
      expect(existsSync(called)).toBe(false);
    }, 30_000);
  },
);
