import { readdirSync } from "node:fs";
import type { Kernel } from "./kernel.ts";
import type { Execution, Sys } from "./sys.ts";
import { errnoNumber, systemError } from "./system-error.ts";

type ProcessCalls = Pick<Sys, "pipe" | "setHostName" | "execute">;

const O_CLOEXEC = 0o2000000;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const PR_SET_KEEPCAPS = 8;
const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const capabilityVersion = 0x20080522;
const capabilityNumbers = 64;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const SIG_SETMASK = 2;
const signals = 64;
const setBytes = 8;
const invalid = errnoNumber("EINVAL");

export function processCalls({ call, memory }: Kernel): ProcessCalls {
  /** Node's main thread ignores some signals and may block others, which a program would inherit. */
  function resetSignals(): void {
    const defaults = memory.addressOf(keep(new Uint8Array(32)));
    // Of SIGKILL, SIGSTOP and those of the C library it cannot be set, nor has it to be.
    for (let signal = 1; signal <= signals; signal++) call("rt_sigaction", signal, defaults, 0, setBytes);
    call("rt_sigprocmask", SIG_SETMASK, defaults, 0, setBytes);
  }

  /** Node keeps even the first three from what it becomes, but not all that it was given by who started it. */
  function passOnlyStdio(): void {
    for (const name of readdirSync("/proc/self/fd")) call("fcntl", Number(name), F_SETFD, FD_CLOEXEC);
    for (const fd of [0, 1, 2]) call("fcntl", fd, F_SETFD, 0);
  }

  function dropCapabilities(kept: ReadonlySet<number>): void {
    for (let number = 0; number < capabilityNumbers; number++) {
      if (kept.has(number)) continue;
      const result = call("prctl", PR_CAPBSET_DROP, number, 0, 0, 0);
      // The kernel has no more.
      if (result === invalid) return;
      must(result, "prctl");
    }
  }

  function setCapabilities(numbers: ReadonlySet<number>): void {
    const header = new DataView(new ArrayBuffer(8));
    header.setUint32(0, capabilityVersion, true);
    const data = new DataView(new ArrayBuffer(24));
    for (const number of numbers) {
      const word = Math.floor(number / 32) * 12;
      const bit = 2 ** (number % 32);
      // Effective and permitted; nothing is inheritable.
      for (const at of [word, word + 4]) data.setUint32(at, data.getUint32(at, true) + bit, true);
    }
    const bytes = [header, data].map(({ buffer }) => keep(new Uint8Array(buffer)));
    must(call("capset", ...(bytes.map(memory.addressOf) as [number, number])), "capset");
  }

  return {
    pipe() {
      const fds = new Int32Array(2);
      const result = call("pipe2", memory.addressOf(new Uint8Array(fds.buffer)), O_CLOEXEC);
      if (result < 0) throw systemError(result, "pipe2");
      const [read = -1, write = -1] = fds;
      return [read, write];
    },

    setHostName(name) {
      const bytes = keep(Buffer.from(name));
      must(call("sethostname", memory.addressOf(bytes), bytes.length), "sethostname");
    },

    execute(execution: Execution): never {
      const { path, args, env, uid, gid, groups, capabilities, limits } = execution;
      // All that wants memory comes first: afterwards nothing may fail for it.
      const [argv, envp] = [args, env].map((texts) => pointers(texts, memory.addressOf)) as [number, number];
      const file = memory.addressOf(keep(Buffer.from(`${path}\0`)));
      passOnlyStdio();
      for (const { resource, soft, hard } of limits)
        must(call("prlimit64", 0, resource, memory.int64s(soft, hard), 0), "prlimit64");
      dropCapabilities(capabilities);
      must(call("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl");
      if (groups !== undefined) {
        const list = keep(new Uint8Array(Uint32Array.from(groups).buffer));
        must(call("setgroups", groups.length, groups.length === 0 ? 0 : memory.addressOf(list)), "setgroups");
      }
      must(call("setresgid", gid, gid, gid), "setresgid");
      must(call("setresuid", uid, uid, uid), "setresuid");
      setCapabilities(uid === 0 ? capabilities : new Set());
      call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
      // The kernel forgets it with each change of who we are.
      if (execution.diesWithParent) must(call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl");
      execution.beforeStart?.();
      resetSignals();
      throw systemError(call("execve", file, argv, envp), "execve", { path });
    },
  };
}

function must(result: number, syscall: string): void {
  if (result < 0) throw systemError(result, syscall);
}

/** What the kernel is told the address of must not be freed meanwhile; this is for the few calls of a process that ends with them. */
const kept: Uint8Array[] = [];

function keep(bytes: Uint8Array): Uint8Array {
  kept.push(bytes);
  return bytes;
}

/** The address of a list of addresses of texts, with a null at its end. */
function pointers(texts: readonly string[], addressOf: (bytes: Uint8Array) => number): number {
  const list = new BigUint64Array(texts.length + 1);
  texts.forEach((text, index) => {
    list[index] = BigInt(addressOf(keep(Buffer.from(`${text}\0`))));
  });
  return addressOf(keep(new Uint8Array(list.buffer)));
}
