import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildahStore, describeWithPeers } from "@drayage-internal/peers";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { applyChanges, type ConfigChanges, encodeState, parseState } from "../../src/index.ts";

/** What is given to `buildah config`, and to us. */
type Change = Omit<ConfigChanges, "variables" | "unsetEnv" | "unsetLabels" | "unsetAnnotations">;

const flagNames = {
  annotations: "annotation",
  labels: "label",
  env: "env",
  ports: "port",
  volumes: "volume",
  onBuild: "onbuild",
  cmd: "cmd",
  entrypoint: "entrypoint",
  shell: "shell",
  user: "user",
  workingDir: "workingdir",
  stopSignal: "stop-signal",
  hostname: "hostname",
  domainName: "domainname",
  author: "author",
  comment: "comment",
  createdBy: "created-by",
  historyComment: "history-comment",
  os: "os",
  osVersion: "os-version",
  osFeatures: "os-feature",
  architecture: "arch",
  variant: "variant",
} as const;

function flagsOf(change: Change): readonly string[] {
  const { healthcheck = {}, addHistory, ...rest } = change;
  const flags = Object.entries(rest).flatMap(([name, value]) => {
    const flag = flagNames[name as keyof typeof flagNames];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.map((each) => `--${flag}=${String(each)}`);
  });
  const { test, interval, timeout, startPeriod, retries } = healthcheck;
  if (test !== undefined) flags.push(`--healthcheck=${String(test)}`);
  if (interval !== undefined) flags.push(`--healthcheck-interval=${interval}`);
  if (timeout !== undefined) flags.push(`--healthcheck-timeout=${timeout}`);
  if (startPeriod !== undefined) flags.push(`--healthcheck-start-period=${startPeriod}`);
  if (retries !== undefined) flags.push(`--healthcheck-retries=${retries}`);
  if (addHistory === true) flags.push("--add-history");
  return flags;
}

const table: readonly Change[] = [
  { env: ["PATH=/bin:/sbin", "A=1"] },
  { env: ["A=2", "B=$A-${A}x", "C=$", "D=$$", "E=${}", "F=${A", "G=$?x", "H=${?}", "I=a$-", "J=$MISSING!"] },
  { env: ["B-", "HOME_OF"], addHistory: true },
  { env: ["-"] },
  { env: ["X=a=b", "=odd", "Y="] },
  { labels: ["a=b", "c", "d=", "e=f=g", "10=ten", "9=nine", "<&>=\u2028"] },
  { labels: ["a-", "zz-"], addHistory: true },
  { labels: ["-"] },
  { labels: ["constructor=1", "__proto__=2"] },
  { annotations: ["a=b", "c", "org.opencontainers.image.base.name-"] },
  { annotations: ["-"] },
  { annotations: ["x=y"] },
  { ports: ["80", "443/tcp", "53/udp"] },
  { ports: ["80-", "8080"], addHistory: true },
  { ports: ["-"] },
  { ports: ["1", "-x", "2"] },
  { volumes: ["/data", "/more"] },
  { volumes: ["/data-", "/third"], addHistory: true },
  { volumes: ["-"] },
  { cmd: "a b 'c d' \"e f\" g\\ h" },
  { cmd: '["x", "y z"]' },
  { cmd: '["x", null]' },
  { cmd: '["x", 1]' },
  { cmd: "null" },
  { cmd: "  " },
  { cmd: "echo hi; rm x" },
  { cmd: "echo 2>err" },
  { cmd: "echo a2>err" },
  { cmd: "a `b c` $(d e) ''" },
  { cmd: "a '' \"\" b" },
  { entrypoint: '["/run.sh"]', addHistory: true },
  { entrypoint: "exec $X 'y'" },
  { entrypoint: "" },
  { entrypoint: '["/e"]', cmd: "/c d", addHistory: true },
  { shell: "/bin/bash -c", addHistory: true },
  { shell: "" },
  { user: "1000:1000", workingDir: "/srv", addHistory: true },
  { user: "", workingDir: "" },
  { stopSignal: "SIGQUIT", addHistory: true },
  { hostname: "host", domainName: "example.org" },
  { hostname: "", domainName: "" },
  { author: "Jane <jane@example.org>", comment: "a & b", createdBy: "hand", historyComment: "done" },
  { author: "", comment: "", createdBy: "", historyComment: "" },
  { onBuild: ["RUN x", "ENV y=z"], addHistory: true },
  {
    os: "windows",
    osVersion: "10.0.1",
    osFeatures: ["win32k", "other"],
    architecture: "arm64",
    variant: "v8",
  },
  { osFeatures: ["win32k-", "third", "third", "absent-"] },
  { osFeatures: ["-", "again"] },
  { osFeatures: ["-"] },
  { os: "", architecture: "", variant: "" },
  { os: "linux", architecture: "amd64" },
  // What the next command, or inspect, reads has other names than what was written down.
  ...[
    { architecture: "x86_64" },
    { architecture: "AArch64", variant: "" },
    { architecture: "aarch64", variant: "v8" },
    { architecture: "i386" },
    { architecture: "i386", variant: "" },
    { architecture: "arm", variant: "" },
    { architecture: "arm", variant: "v6" },
    { architecture: "armhf", variant: "" },
    { architecture: "armel", variant: "" },
    { os: "Linux", architecture: "x86-64", variant: "" },
    { os: "a.b", architecture: "aarch64" },
    { os: "linux", architecture: "amd64", variant: "" },
  ].flatMap((change) => [change, { author: "whoever" }]),
  { healthcheck: { test: "CMD curl 'a b'" }, addHistory: true },
  { healthcheck: { interval: "1m30s", timeout: "1.5s", startPeriod: "300ms", retries: 5 }, addHistory: true },
  { healthcheck: { interval: "0", timeout: "-1h", startPeriod: "1us", retries: 0 } },
  { healthcheck: { test: "" }, addHistory: true },
  { healthcheck: { retries: 2 }, addHistory: true },
  { healthcheck: { test: "NONE" } },
  { addHistory: true },
];

const word = fc.stringMatching(/^[a-zA-Z0-9_./ <>&'"$\\{}-]{1,12}$/);
const plain = fc.stringMatching(/^[a-z][a-z0-9_.]{0,8}$/);
const pair = fc.oneof(
  fc.tuple(plain, word).map(([name, value]) => `${name}=${value}`),
  plain.map((name) => `${name}-`),
  fc.constant("-"),
);
const text = fc.oneof(fc.constant(""), word);
const duration = fc
  .tuple(fc.nat(5000), fc.nat(999), fc.constantFrom("ns", "us", "ms", "s", "m", "h"))
  .map(([whole, part, unit]) => (unit === "ns" ? `${whole}ns` : `${whole % 500}.${part}${unit}`));
const list = (item: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc.array(item, { minLength: 1, maxLength: 4 });
const randomChange: fc.Arbitrary<Change> = fc.record(
  {
    env: list(pair),
    labels: list(pair),
    annotations: list(pair),
    ports: list(
      fc.oneof(
        fc.nat(65_535).map(String),
        fc.nat(99).map((port) => `${port}-`),
        fc.constant("-"),
      ),
    ),
    volumes: list(
      fc.oneof(
        plain.map((name) => `/${name}`),
        plain.map((name) => `/${name}-`),
        fc.constant("-"),
      ),
    ),
    cmd: word.map((each) => JSON.stringify([each])),
    entrypoint: text,
    user: text,
    workingDir: text,
    stopSignal: text,
    author: text,
    comment: text,
    hostname: plain,
    onBuild: list(plain),
    osFeatures: list(
      fc.oneof(
        plain,
        plain.map((name) => `${name}-`),
        fc.constant("-"),
      ),
    ),
    osVersion: text,
    healthcheck: fc.record(
      { interval: duration, timeout: duration, retries: fc.nat(9) },
      { requiredKeys: [] },
    ),
    addHistory: fc.boolean(),
  },
  { requiredKeys: [] },
);

describeWithPeers("applyChanges: beside buildah config", ["buildah"], () => {
  const env = { HOME_OF: "the sweet" };
  const now = new Date("2020-01-02T03:04:05.678Z");
  let folder: string;
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function begin(format: "oci" | "docker"): Promise<(change: Change) => Promise<void>> {
    const { buildah } = buildahStore(folder);
    const name = (await buildah(["from", "--format", format, "scratch"])).stdout.trim();
    const id = (await buildah(["inspect", "--format", "{{.ContainerID}}", name])).stdout.trim();
    const file = join(folder, "root", "vfs-containers", id, "userdata", "buildah.json");
    return async (change) => {
      const before = parseState(readFileSync(file), file);
      const flags = flagsOf(change);
      await buildah(["config", ...flags, name], { env });
      const theirs = readFileSync(file, "utf8");
      const ours = encodeState(applyChanges(before, change, { env, now }));
      expect(withoutTimes(Buffer.from(ours).toString()), flags.join(" ")).toBe(withoutTimes(theirs));
    };
  }

  for (const format of ["oci", "docker"] as const) {
    it(`of ${format}: the same buildah.json, byte for byte but for times, after every change of a series`, async () => {
      const compare = await begin(format);
      for (const change of table) await compare(change);
    }, 120_000);

    it(`of ${format}: the same for random changes`, async () => {
      const compare = await begin(format);
      await fc.assert(fc.asyncProperty(randomChange, compare), { numRuns: 60, endOnFailure: true });
    }, 120_000);
  }
});

/** Times of the history, and host names that are made up, are other ones every time. */
function withoutTimes(text: string): string {
  return text
    .replace(/"created":"[^"]*"/g, '"created":""')
    .replace(/"Hostname":"[0-9a-f]{12}"/g, '"Hostname":"made"');
}
