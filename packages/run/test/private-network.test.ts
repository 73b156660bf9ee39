import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import path from "node:path";
import { temporaryDirectory, writeShellRoot } from "@drayage-internal/peers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { hasRuntime } from "../src/index.ts";
import { findSlirp } from "../src/network/private-network.ts";
import { findProgram } from "../src/programs.ts";
import { shell } from "./small-root.ts";

const address = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

function unavailable(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "it needs Linux and root";
  if (!hasRuntime("runc")) return "runc is not installed";
  if (findSlirp() === undefined) return "slirp4netns is not installed";
  if (!existsSync("/dev/net/tun")) return "the machine has no /dev/net/tun";
  return findProgram("bash") === undefined ? "bash is not installed" : undefined;
}

const reason = unavailable();
const suite = reason === undefined ? describe : describe.skip;

suite(`a private network${reason === undefined ? "" : ` [skipped: ${reason}]`}`, () => {
  let root = "";
  const common = { isolation: "oci", runtime: "runc", network: "private", hostname: "box" } as const;
  beforeAll(() => {
    root = writeShellRoot(temporaryDirectory(), ["bash", "cat", "sleep"]);
  });

  let server: Server;
  let port = 0;
  beforeEach(async () => {
    server = createServer((socket) => socket.end("hello from outside\n"));
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => {
    server.close();
    vi.unstubAllEnvs();
  });
  const talk = (host: string): string =>
    `bash -c 'exec 3<>/dev/tcp/${host}/${port} && cat <&3' 2>/dev/null || echo unreachable`;

  it.skipIf(address === undefined).each(["oci", "rootless"] as const)(
    "%s: reaches the machine by its address, and not its loopback",
    async (isolation) => {
      const lines = [address ?? "", "10.0.2.2", "127.0.0.1"].map(talk).join("\n");
      const { stdout } = await shell(root, lines, { ...common, isolation });
      expect(stdout).toBe("hello from outside\nunreachable\nunreachable\n");
    },
  );

  it("has an address with the container's name, and slirp4netns for names", async () => {
    const { stdout } = await shell(
      root,
      "cat /etc/hosts /etc/resolv.conf; cat /proc/sys/net/ipv4/ping_group_range",
      common,
    );
    expect(stdout).toContain("\n10.0.2.100\tbox\n");
    expect(stdout).toMatch(/^nameserver 10\.0\.2\.3$/m);
    expect(stdout).toMatch(/^0\s+0$/m);
    const given = await shell(root, "cat /etc/resolv.conf", { ...common, dns: { servers: ["192.0.2.9"] } });
    expect(given.stdout).toMatch(/^nameserver 192\.0\.2\.9$/m);
    expect(given.stdout).not.toContain("10.0.2.3");
  });

  it("is gone with the command, however it ends", async () => {
    const before = slirps();
    await shell(root, "true", common);
    expect(slirps()).toEqual(before);
    let during: readonly string[] = [];
    const controller = new AbortController();
    const running = shell(root, "echo up; sleep 1000", {
      ...common,
      signal: controller.signal,
      onOutput() {
        during = slirps();
        controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    expect(during).toHaveLength(before.length + 1);
    expect(slirps()).toEqual(before);
  });

  it("that cannot be connected is no success, and the reason is told", async () => {
    const broken = temporaryDirectory();
    const program = path.join(broken, "slirp4netns");
    writeFileSync(program, "#!/bin/sh\necho no tun today >&2\nexit 1\n");
    chmodSync(program, 0o755);
    vi.stubEnv("PATH", `${broken}:${process.env.PATH}`);
    await expect(shell(root, "true", common)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_RUNTIME",
      message: expect.stringContaining("no tun today"),
    });
  });

  it("not asked for is not there, with nothing of it", async () => {
    const warnings: string[] = [];
    const options = { ...common, onWarning: (sentence: string) => warnings.push(sentence) };
    for (const network of ["none", "host"] as const) {
      const { stdout } = await shell(root, "cat /proc/net/dev", { ...options, network });
      expect(stdout).not.toContain("tap0");
    }
    expect(warnings).toEqual([]);
  });
});

function slirps(): readonly string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && nameOf(pid) === "slirp4netns");
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    // It has just ended.
    return "";
  }
}
