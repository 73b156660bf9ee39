import { spawnSync } from "node:child_process";
import { isatty } from "node:tty";
import { findProgram } from "../programs.ts";

/** Whether our input and both outputs are a terminal. */
export function onTerminal(): boolean {
  return isatty(0) && isatty(1) && isatty(2);
}

/** Puts the terminal back as it was: a runtime that is killed leaves it raw. */
export function keepTerminal(): Disposable | undefined {
  const stty = findProgram("stty");
  if (stty === undefined || !isatty(0)) return undefined;
  const inherit = ["inherit", "pipe", "ignore"] as const;
  const { stdout, status } = spawnSync(stty, ["-g"], { stdio: [...inherit], encoding: "utf8" });
  if (status !== 0) return undefined;
  return {
    [Symbol.dispose]() {
      spawnSync(stty, [stdout.trim()], { stdio: ["inherit", "ignore", "ignore"] });
    },
  };
}
