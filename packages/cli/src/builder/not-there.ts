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
