/** What `dray builder` takes, by other names too: dray itself knows of it without loading it. */
export const builderCommandNames: readonly string[] = [
  "from",
  "add",
  "copy",
  "config",
  "run",
  "mount",
  "umount",
  "commit",
  "rm",
  "rename",
  "containers",
  "inspect",
  "images",
  "rmi",
  "tag",
  "pull",
  "push",
  "login",
  "logout",
  "info",
  "version",
  "unshare",
  "build-using-dockerfile",
  "bud",
  "delete",
  "list",
  "ls",
  "ps",
  "unmount",
];

/** What docker's commands are called here. */
export const otherTools: Readonly<Partial<Record<string, string>>> = {
  create: "from",
  exec: "run",
  start: "run",
  ps: "containers",
};

/** What else buildah calls its commands. */
export const otherCommandNames: Readonly<Record<string, string>> = {
  "build-using-dockerfile": "build",
  bud: "build",
  delete: "rm",
  list: "containers",
  ls: "containers",
  ps: "containers",
  unmount: "umount",
};

/** buildah's commands that dray has not, and what there is instead. */
export const notThere: Readonly<Record<string, string>> = {
  build:
    "building from a Containerfile is not supported yet; from, copy, run, config and commit do the same step by step",
  source: "source images are not supported",
};

/** Why a command of buildah's, by any of its names, is not there. */
export function reasonNotThere(name: string): string | undefined {
  const own = Object.hasOwn(otherCommandNames, name) ? (otherCommandNames[name] ?? name) : name;
  return Object.hasOwn(notThere, own) ? notThere[own] : undefined;
}
