import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hook } from "../hooks/hook.ts";
import type { Bundle } from "../process/bundle.ts";
import { findProgram } from "../programs.ts";

/** Where slirp4netns answers for names, and what address it gives to the container. */
export const slirpDns = "10.0.2.3";
export const slirpAddress = "10.0.2.100";

/** The path of slirp4netns, which connects a network namespace to the machine's network without any right; undefined where there is none. */
export function findSlirp(): string | undefined {
  return findProgram("slirp4netns");
}

/**
 * Tells a runtime to have a container's network connected before the command starts. What is started for it is in the runtime's process
 * namespace, and ends with it.
 */
export function connectingHook(slirp: string, { path }: Bundle): Hook {
  const script = join(path, "network.sh");
  writeFileSync(script, connect, { mode: 0o600 });
  return { path: "/bin/sh", args: ["sh", script, slirp, join(path, "network")], env: [`PATH=${folders}`] };
}

const folders = "/usr/bin:/bin:/usr/sbin:/sbin";

/** Gets the container's state on its input. The machine's loopback is not to be reached from the container. */
const connect = `pid=$(sed -n 's/.*"pid": *\\([0-9][0-9]*\\).*/\\1/p')
mkfifo "$2" || exit 1
"$1" --configure --mtu=65520 --disable-host-loopback --ready-fd=3 "$pid" tap0 \\
  3>"$2" </dev/null >"$2.log" 2>&1 &
test "$(dd bs=1 count=1 2>/dev/null <"$2")" = 1 && exit
cat "$2.log" >&2
exit 1
`;
