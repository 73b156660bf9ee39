import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Fills a folder with what a shell needs to run as a container's: that of this machine, its libraries, users and groups. */
export function writeShellRoot(folder: string): void {
  const put = (file: string): void => {
    const to = path.join(folder, file);
    mkdirSync(path.dirname(to), { recursive: true });
    copyFileSync(realpathSync(file), to);
    chmodSync(to, 0o755);
  };
  put("/bin/sh");
  for (const library of librariesOf("/bin/sh")) put(library);
  mkdirSync(path.join(folder, "etc"), { recursive: true });
  writeFileSync(
    path.join(folder, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nworker:x:1000:1001::/home/worker:/bin/sh\n",
  );
  writeFileSync(path.join(folder, "etc/group"), "root:x:0:\nworkers:x:1001:\nothers:x:1002:worker\n");
  for (const each of ["tmp", "proc", "sys", "dev", "root", "run"]) {
    mkdirSync(path.join(folder, each), { recursive: true });
  }
}

function librariesOf(program: string): readonly string[] {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return [...stdout.matchAll(/(\/\S+)/g)].map(([, file = ""]) => file);
}
