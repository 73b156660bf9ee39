import { existsSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { runContained } from "../src/process/contained.ts";
import { describeIsolations } from "./isolations.ts";

describeIsolations("a program in namespaces of its own", ({ isolation }) => {
  it.runIf(isolation === "chroot")("is not started before we have said that we live", async () => {
    const file = path.join(temporaryDirectory(), "began");
    let isEarly: boolean | undefined;
    const { exitCode } = await runContained(
      ["/bin/sh", "-c", 'echo began > "$1"', "sh", file],
      { namespaces: [], env: process.env, cwd: "/", stdio: ["ignore", "inherit", "inherit"] },
      () => {
        // As somebody who is about to die.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
        isEarly = existsSync(file);
      },
    );
    expect([exitCode, isEarly, existsSync(file)]).toEqual([0, false, true]);
  });
});
