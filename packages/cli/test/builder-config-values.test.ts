import { describe, expect, it } from "vitest";
import { changesOf } from "../src/builder/config.ts";
import { checkConfigValues } from "../src/builder/config-values.ts";
import { dray, testFolder } from "./run-dray.ts";

describe("values of dray builder config", () => {
  it.each([
    { port: ["80", "80/tcp", "53/udp", "9/sctp", "7000-7010", "80-", "80/tcp-", "-"] },
    { stopSignal: "SIGTERM" },
    { stopSignal: "QUIT" },
    { stopSignal: "9" },
    { stopSignal: "SIGRTMIN+3" },
    { stopSignal: "" },
    { os: "windows", arch: "arm64", variant: "v8" },
    { workingdir: "/srv" },
    { workingdir: "C:\\app" },
    { volume: ["/data", "/data-", "-"] },
    { user: "1000:app" },
    { user: "" },
    { healthcheck: "CMD curl -f localhost" },
    { healthcheck: "NONE" },
    { healthcheck: "CMD-SHELL exit 0" },
    { healthcheck: "" },
    { healthcheckRetries: 0 },
    { healthcheckTimeout: "1m30s" },
    { onbuild: ["RUN true", "copy . /app"] },
    { hostname: "web-1.example" },
    { entrypoint: '["/bin/sh", "-c"]' },
    { entrypoint: "[ -f /x ] && exec /x" },
    { cmd: "" },
    { env: ["A=1", "A", "A-", "-", "A="] },
    { arch: "x86_64" },
  ])("%j: accepted", (flags) => {
    expect(() => checkConfigValues(changesOf(flags, false))).not.toThrow();
  });

  it.each([
    [{ port: ["abc"] }, '--port: "abc" is not accepted'],
    [{ port: ["80", "0"] }, '--port: "0" is not accepted'],
    [{ port: ["65536"] }, '--port: "65536" is not accepted'],
    [{ port: ["90-80"] }, '--port: "90-80" is not accepted'],
    [{ port: ["80/icmp"] }, '--port: "80/icmp" is not accepted'],
    [{ port: ["8080:80"] }, '--port: "8080:80" is not accepted'],
    [{ port: ["abc-"] }, '--port: "abc-" is not accepted'],
    [{ stopSignal: "SIGFOO" }, '--stop-signal: "SIGFOO" is not accepted'],
    [{ stopSignal: "65" }, '--stop-signal: "65" is not accepted'],
    [{ os: "linus" }, '--os: "linus" is not accepted'],
    [{ arch: "sparc" }, '--arch: "sparc" is not accepted'],
    [{ variant: "V 8" }, '--variant: "V 8" is not accepted'],
    [{ workingdir: "app" }, '--workingdir: "app" is not accepted'],
    [{ volume: ["data"] }, '--volume: "data" is not accepted'],
    [{ user: "a b" }, '--user: "a b" is not accepted'],
    [{ user: "a:b:c" }, '--user: "a:b:c" is not accepted'],
    [{ healthcheck: "curl -f localhost" }, '--healthcheck: "curl -f localhost" is not accepted'],
    [{ healthcheckInterval: "-1s" }, '--healthcheck-interval: "-1s" is not accepted'],
    [{ healthcheckRetries: -1 }, "--healthcheck-retries: -1 is not accepted"],
    [{ onbuild: ["FROM a"] }, '--onbuild: "FROM a" is not accepted'],
    [{ hostname: "a_b" }, '--hostname: "a_b" is not accepted'],
    [{ domainname: "-a" }, '--domainname: "-a" is not accepted'],
    [{ entrypoint: "['/bin/sh']" }, "--entrypoint: \"['/bin/sh']\" is not accepted"],
    [{ cmd: '["a", 1]' }, '--cmd: "[\\"a\\", 1]" is not accepted'],
    [{ env: ["=1"] }, '--env: "=1" is not accepted'],
    [{ label: [""] }, '--label: "" is not accepted'],
    [{ annotation: ["=x"] }, '--annotation: "=x" is not accepted'],
  ])("%j: refused", (flags, sentence) => {
    expect(() => checkConfigValues(changesOf(flags, false))).toThrow(sentence);
  });
});

// Others change a store as root of a user namespace, by a process of its own.
describe.skipIf(process.getuid?.() !== 0)("dray builder config", () => {
  const folder = testFolder();
  const place = ["--root", `${folder}/root`, "--runroot", `${folder}/run`, "--storage-driver", "vfs"];
  const env = { HOME: folder };

  it("says what is accepted, where a link named buildah writes down what it is given", async () => {
    await dray(["builder", ...place, "from", "--name", "c", "scratch"], { env });
    const argv = ["config", "--port", "abc", "c"];
    expect(await dray(["builder", ...place, ...argv], { env })).toMatchObject({
      status: 125,
      stderr:
        'dray: --port: "abc" is not accepted; accepted: 80, 80/tcp, 53/udp, 7000-7010, 80- to remove it, - to remove all\n',
    });
    const buildah = (...rest: readonly string[]) =>
      dray([...place, ...rest], { env, calledAs: "/usr/bin/buildah" });
    expect(await buildah(...argv)).toMatchObject({ status: 0, stderr: "" });
    const ports = await buildah("inspect", "--format", "{{.OCIv1.Config.ExposedPorts}}", "c");
    expect(ports.stdout).toBe("map[abc:{}]");
  });
});
