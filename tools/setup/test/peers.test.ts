import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { withoutServices } from "../src/peers.mjs";

function policyPath(): string {
  return path.join(temporaryDirectory(), "policy-rc.d");
}

it("while packages are installed, services are not started", async () => {
  const policy = policyPath();
  const [shell = "", ...args] = withoutServices(["sh", "-c", '"$0"; echo "says $?"; exit 7', policy], policy);
  const { stdout, code } = await run(shell, args, { mayFail: true });
  expect(stdout).toBe("says 101\n");
  expect(code).toBe(7);
  expect(existsSync(policy)).toBe(false);
});

it("a machine's own policy is left as it is", async () => {
  const policy = policyPath();
  writeFileSync(policy, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  const [shell = "", ...args] = withoutServices(["sh", "-c", '"$0"; echo "says $?"', policy], policy);
  expect((await run(shell, args)).stdout).toBe("says 0\n");
  expect(readFileSync(policy, "utf8")).toBe("#!/bin/sh\nexit 0\n");
});

it("the policy is gone where the installation is interrupted", async () => {
  const policy = policyPath();
  const [shell = "", ...args] = withoutServices(["sh", "-c", "echo started; read line"], policy);
  const child = spawn(shell, args, { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  expect(existsSync(policy)).toBe(true);
  child.kill("SIGTERM");
  child.stdin.end();
  await once(child, "close");
  expect(existsSync(policy)).toBe(false);
});
