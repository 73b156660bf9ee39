import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type CommandResult, type RunCommandOptions, runCommand } from "../src/index.ts";
import { findProgram } from "../src/programs.ts";

const programs = [
  "sh",
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

/** Fills a folder with a shell and a few programs of this machine, and the libraries that they load. */
export function smallRoot(folder: string): string {
  chmodSync(folder, 0o755);
  for (const name of ["bin", "etc", "tmp"]) mkdirSync(path.join(folder, name), { recursive: true });
  const libraries = new Set<string>();
  for (const name of programs) {
    const program = findProgram(name);
    if (program === undefined) continue;
    copyFileSync(realpathSync(program), path.join(folder, "bin", name));
    chmodSync(path.join(folder, "bin", name), 0o755);
    const listed = execFileSync("ldd", [program], { encoding: "utf8" });
    for (const [library] of listed.matchAll(/\/\S+/g)) libraries.add(library);
  }
  for (const library of libraries) {
    if (!existsSync(library)) continue;
    mkdirSync(path.join(folder, path.dirname(library)), { recursive: true });
    copyFileSync(realpathSync(library), path.join(folder, library));
  }
  writeFileSync(
    path.join(folder, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\n",
  );
  writeFileSync(
    path.join(folder, "etc/group"),
    "root:x:0:\nstaff:x:50:app\nappg:x:1001:\nwheel:x:60:root,application\n",
  );
  return folder;
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
