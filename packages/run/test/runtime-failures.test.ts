import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeEach, describe, expect, it } from "vitest";
import { hasRuntime, runCommand } from "../src/index.ts";
import { describeIsolations } from "./isolations.ts";
import { shell, smallRoot } from "./small-root.ts";

const usable = process.platform === "linux" && process.getuid?.() === 0;
const suite = usable ? describe : describe.skip;

suite(`a runtime that is no good${usable ? "" : " [skipped: it needs Linux and root]"}`, () => {
  let root = "";
  beforeEach(() => {
    root = smallRoot(temporaryDirectory());
  });

  function program(text: string): string {
    const file = path.join(temporaryDirectory(), "runtime");
    writeFileSync(file, text);
    chmodSync(file, 0o755);
    return file;
  }

  async function failed(runtime: string): Promise<{ readonly said: unknown; readonly passedOn: string }> {
    let passedOn = "";
    const onOutput = (_stream: string, bytes: Uint8Array): void => {
      passedOn += Buffer.from(bytes).toString();
    };
    const options = { rootfs: root, command: ["/bin/true"], isolation: "oci", runtime, onOutput } as const;
    const said = await runCommand(options).catch((error: unknown) => error);
    return { said, passedOn };
  }

  it.each([
    ["says why", "#!/bin/sh\necho 'no more: groups' >&2\necho more >&2\nexit 3\n", "no more: groups"],
    [
      "logs to stderr",
      '#!/bin/sh\necho usage\necho \'time="2026" level=error msg="no such flag: -foo"\' >&2\nexit 1\n',
      "no such flag: -foo",
    ],
    ["says nothing", "#!/bin/sh\nexit 3\n", "it ended with status 3 and said nothing"],
    ["pretends to have run it", "#!/bin/sh\nexit 0\n", "it ended with status 0 and said nothing"],
    ["is no program of this machine", "\x7fELF\x02\x01", /not found|exec/i],
    ["has no interpreter", "#!/nosuch/sh\n", /not found|no such file/i],
    ["says a lot", "#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' x >&2\nexit 1\n", "x".repeat(500)],
    [
      "logs why, and says it, too",
      '#!/bin/sh\nwhile [ "$1" != --log ]; do shift; done\necho \'{"level":"error","msg":"logged"}\' > "$2"; echo said >&2; exit 1\n',
      "logged",
    ],
  ])("and %s is told of in one sentence, in its words", async (_, text, words) => {
    const runtime = program(text);
    const { said, passedOn } = await failed(runtime);
    expect(said).toMatchObject({ code: "ERR_DRAYAGE_RUNTIME" });
    const { message } = said as Error;
    const [before, after] = message.split("cannot run the command: ");
    expect(before).toBe(`${runtime} `);
    if (typeof words === "string") expect(after).toBe(words);
    else expect(after).toMatch(words);
    expect(passedOn).toBe("");
  });

  it("and is not there is named", async () => {
    const { said } = await failed("/nosuch/runtime");
    expect(said).toMatchObject({
      code: "ERR_DRAYAGE_RUNTIME",
      message: 'the OCI runtime "/nosuch/runtime" is not installed',
    });
  });

  it("and hangs is killed with all that it started", async () => {
    const folder = temporaryDirectory();
    const runtime = program(
      `#!/bin/sh\n(sleep 5; touch ${folder}/lives) &\ntouch ${folder}/started\nwhile :; do sleep 1; done\n`,
    );
    const controller = new AbortController();
    const options = { rootfs: root, command: ["/bin/true"], isolation: "oci", runtime } as const;
    const running = runCommand({ ...options, signal: controller.signal });
    const ended = expect(running).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    await expect.poll(() => existsSync(path.join(folder, "started")), { timeout: 5000 }).toBe(true);
    controller.abort();
    await ended;
    expect(processesWith(runtime)).toEqual([]);
  });

  it.skipIf(!hasRuntime("runc"))(
    "but works passes on what the command writes to stderr, at once",
    async () => {
      const written: string[] = [];
      const controller = new AbortController();
      const running = runCommand({
        rootfs: root,
        command: ["/bin/sh", "-c", "echo first >&2; sleep 1000"],
        isolation: "oci",
        runtime: "runc",
        signal: controller.signal,
        onOutput(stream, bytes) {
          written.push(`${stream}: ${Buffer.from(bytes).toString()}`);
          controller.abort();
        },
      });
      await expect(running).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
      expect(written).toEqual(["stderr: first\n"]);
    },
  );
});

function processesWith(word: string): readonly string[] {
  const names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return names.filter((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(word);
    } catch {
      // It has just ended.
      return false;
    }
  });
}

describeIsolations("a working folder that is nowhere", (common) => {
  it.each(["/proc/new", "/proc/../proc/new", "/sys/new", "/link/new", "/to-dev/../proc/self/new"])(
    "%s is refused, and leaves nothing in the root file system",
    async (cwd) => {
      const root = smallRoot(temporaryDirectory());
      symlinkSync("proc", path.join(root, "link"));
      symlinkSync("/dev", path.join(root, "to-dev"));
      const running = shell(root, "true", { ...common, cwd });
      await expect(running).rejects.toMatchObject({
        code: "ERR_DRAYAGE_RUNTIME",
        message: expect.stringMatching(/^the working folder "\/.*" cannot be entered in the container: /),
      });
      expect(inKernelFolders(root)).toEqual([]);
    },
  );

  it("but one of the kernel's can be entered", async () => {
    const root = smallRoot(temporaryDirectory());
    symlinkSync("/proc/sys", path.join(root, "link"));
    for (const [cwd, pwd] of [
      ["/proc/sys/kernel", "/proc/sys/kernel"],
      ["/dev/shm", "/dev/shm"],
      ["/link/kernel", "/proc/sys/kernel"],
    ] as const) {
      const { stdout } = await shell(root, "pwd -P", { ...common, cwd });
      expect(stdout).toBe(`${pwd}\n`);
    }
    expect(inKernelFolders(root)).toEqual([]);
  });
});

function inKernelFolders(root: string): readonly string[] {
  return ["proc", "sys", "dev"]
    .filter((name) => existsSync(path.join(root, name)))
    .flatMap((name) => readdirSync(path.join(root, name)).map((inner) => `${name}/${inner}`));
}
