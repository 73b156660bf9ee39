import { closeSync, constants, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { requireSys, type Sys } from "@drayage/sys";
import { hasCode, openRoot } from "../root/walk.ts";
import { mountDevices } from "./devices.ts";
import type { HelperFailure, HelperPlan } from "./helper-plan.ts";
import { bindRoot, mask, mountInRoot, moveRoot, seal, sealBelow } from "./mounts.ts";

/*
 * The first process of the namespaces: it mounts what the command is to see, makes the root file system its root, gives up its rights and becomes
 * the command. It is started as a script, with the path of its plan as argument and a pipe as descriptor 3, on which it says what went wrong.
 */

const failed = 125;
const reportTo = 3;

function setUp(sys: Sys, plan: HelperPlan): void {
  process.umask(0o022);
  bindRoot(sys, plan.rootfs);
  const root = openRoot(plan.rootfs);
  mountDevices(sys, root, plan.shmSize);
  for (const device of plan.devices) mountInRoot(sys, root, device);
  mountInRoot(sys, root, {
    destination: "/sys",
    type: "bind",
    source: "/sys",
    options: ["rbind", "ro", "nodev", ...safe],
  });
  mountProc(sys, root);
  sealBelow(sys, root, plan.rootfs, "/sys");
  for (const mount of plan.mounts) mountInRoot(sys, root, mount);
  for (const path of plan.readonlyPaths) seal(sys, root, path);
  for (const path of plan.maskedPaths) mask(sys, root, path);
  if (plan.readonly) mountReadOnly(sys, root);
  process.chdir(`/proc/self/fd/${root}`);
  closeSync(root);
  enter(sys);
  if (plan.hostname !== undefined) sys.setHostName(plan.hostname);
  process.chdir(plan.cwd);
}

const safe = ["nosuid", "noexec"];
function mountProc(sys: Sys, root: number): void {
  const own = { destination: "/proc", type: "proc", source: "proc", options: ["nodev", ...safe] };
  try {
    mountInRoot(sys, root, own);
  } catch (error) {
    // In containers whose /proc is masked a new one, which would not be, is refused.
    if (!hasCode(error, "EPERM")) throw error;
    mountInRoot(sys, root, { ...own, type: "bind", source: "/proc", options: ["rbind"] });
  }
}

function mountReadOnly(sys: Sys, root: number): void {
  mountInRoot(sys, root, {
    destination: "/",
    type: "bind",
    source: `/proc/self/fd/${root}`,
    options: ["rbind", "ro"],
  });
}

function enter(sys: Sys): void {
  try {
    sys.pivotRoot();
  } catch (error) {
    if (!hasCode(error, "EINVAL")) throw error;
    moveRoot(sys);
  }
}

function failureOf(error: unknown): HelperFailure {
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  return { message, code, syscall };
}

function main([, , planPath = ""]: readonly string[]): void {
  // The command is not to have it: what is opened by us is closed when we become another.
  const report = openSync(`/proc/self/fd/${reportTo}`, constants.O_WRONLY);
  closeSync(reportTo);
  try {
    const plan = JSON.parse(readFileSync(planPath, "utf8")) as HelperPlan;
    // Who waits for us sees that we run, and that what comes on stderr is the command's.
    unlinkSync(planPath);
    const sys = requireSys("run in a container", { base: plan.sysBase });
    const { execution } = plan;
    setUp(sys, plan);
    sys.execute({
      ...execution,
      capabilities: new Set(execution.capabilities),
      diesWithParent: true,
      // Throws where nobody listens any more: who died just before that was asked for.
      beforeStart: () => void writeSync(report, " "),
    });
  } catch (error) {
    writeSync(report, JSON.stringify(failureOf(error)));
    process.exitCode = failed;
  }
}

main(process.argv);
