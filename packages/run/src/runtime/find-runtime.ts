import { DrayageError } from "@drayage/errors";
import { findProgram, isProgram } from "../programs.ts";
import { configuredRuntime } from "./containers-conf.ts";

/** An OCI runtime: runc, crun, or another that takes their arguments. */
export interface Runtime {
  readonly path: string;
}

/** Where those are that no PATH names. */
const special: Readonly<Record<string, readonly string[]>> = {
  runc: ["/usr/lib/cri-o-runc/sbin/runc"],
};

/**
 * The runtime of that name or path; without one that of BUILDAH_RUNTIME, that of containers.conf, else crun or runc, whichever there is.
 * @throws `ERR_DRAYAGE_RUNTIME` where there is none
 */
export function findRuntime(name?: string, env: NodeJS.ProcessEnv = process.env): Runtime {
  const asked = askedFor(name, env);
  const path = pathOf(asked, env);
  if (path !== undefined) return { path };
  throw new DrayageError(
    "ERR_DRAYAGE_RUNTIME",
    asked
      ? `the OCI runtime ${JSON.stringify(asked)} is not installed`
      : "no OCI runtime is installed: there is neither crun nor runc",
    {
      hint: "install crun or runc, name another by --runtime, or run without one by --isolation chroot",
    },
  );
}

/** Whether there is one. */
export function hasRuntime(name?: string, env: NodeJS.ProcessEnv = process.env): boolean {
  return pathOf(askedFor(name, env), env) !== undefined;
}

function askedFor(name: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  return name || env.BUILDAH_RUNTIME || configuredRuntime(env);
}

function pathOf(asked: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  return (asked ? [asked] : ["crun", "runc"])
    .map((one) => locate(one, env))
    .find((path) => path !== undefined);
}

function locate(name: string, env: NodeJS.ProcessEnv): string | undefined {
  if (name.includes("/")) return isProgram(name) ? name : undefined;
  return findProgram(name, env) ?? special[name]?.find(isProgram);
}
