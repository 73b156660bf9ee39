import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Who writes a staged file, as its name says: a process is told from all others, also from later ones that have its
 * number, by the machine it runs on and the moment it was started.
 */
export interface Owner {
  /** The running system and its process numbers: two processes of one place can see each other. 12 hex digits. */
  readonly place: string;
  readonly pid: number;
  /** When it was started, in the kernel's clock ticks since boot; `0` where the system does not tell. */
  readonly start: string;
}

/** Whether an owner is still at work. `unknown` for those of other machines, containers and boots. */
export type OwnerState = "alive" | "dead" | "unknown";

/** The process that this is. */
export function thisOwner(): Owner {
  return { place: thisPlace(), pid: process.pid, start: startOf(process.pid) ?? "0" };
}

export function stateOf(owner: Owner): OwnerState {
  if (owner.place !== thisPlace()) return "unknown";
  if (!exists(owner.pid)) return "dead";
  const start = startOf(owner.pid);
  // Where nobody tells when a process was started, one with the same number may be another one.
  if (start === undefined || owner.start === "0") return owner.pid === process.pid ? "unknown" : "alive";
  return start === owner.start ? "alive" : "dead";
}

let place: string | undefined;

function thisPlace(): string {
  place ??= createHash("sha256").update(placeFacts().join("\n")).digest("hex").slice(0, 12);
  return place;
}

function placeFacts(): readonly string[] {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // Containers of one machine share its boot but number their processes apart.
    return [boot, readlinkSync("/proc/self/ns/pid")];
  } catch {
    // No Linux, or no /proc: the host's name has to do.
    return [hostname()];
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** The 22nd field of proc(5)'s `stat`. The second one, a name in parentheses, may hold spaces and parentheses. */
function startOf(pid: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[19];
}
