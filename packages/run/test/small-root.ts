import { writeShellRoot } from "@drayage-internal/peers";
import { type CommandResult, type RunCommandOptions, runCommand } from "../src/index.ts";

const programs = [
  "cat",
  "id",
  "env",
  "ls",
  "sleep",
  "mkdir",
  "touch",
  "true",
  "false",
  "pwd",
  "rm",
  "stat",
  "hostname",
  "mount",
  "kill",
];

/** Fills a folder with a shell and a few programs of this machine. */
export function smallRoot(folder: string): string {
  return writeShellRoot(folder, programs);
}

export interface Outcome extends CommandResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a line of shell and gives what it wrote. */
export async function shell(
  rootfs: string,
  line: string,
  options: Partial<RunCommandOptions> = {},
): Promise<Outcome> {
  const texts = { stdout: "", stderr: "" };
  const result = await runCommand({
    rootfs,
    command: ["/bin/sh", "-c", line],
    env: ["PATH=/bin"],
    onOutput: (stream, bytes) => {
      texts[stream] += Buffer.from(bytes).toString();
    },
    ...options,
  });
  return { ...result, ...texts };
}
