import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { startRegistry, type TestRegistry } from "@drayage-internal/peers/registry";
import { run } from "@drayage-internal/peers/run";
import type { Bar } from "../bars.ts";
import type { Bench, Place } from "../bench.ts";
import { drayEntry } from "../dray.ts";
import { type Inputs, nameInRegistry } from "../inputs.ts";
import { type Command, registryEnvironment } from "../measure.ts";
import { type BenchPeer, benchPeer } from "../peers.ts";
import type { Row } from "../row.ts";
import { verifyImage } from "../verify.ts";
import { pairRow } from "./pair-row.ts";

interface RegistryRowOptions {
  readonly name: string;
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly quick?: boolean | undefined;
  readonly needs?: readonly BenchPeer[] | undefined;
  prepare(inputs: Inputs): Promise<RegistryCopy>;
}

/** A copy from or to a registry that runs for this copy alone. */
interface RegistryCopy {
  /** Where the registry keeps what it has. */
  data(place: Place): string;
  /** The flags of `copy`, the source and the destination. */
  words(host: string, place: Place): readonly [...flags: string[], source: string, destination: string];
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
}

const little: Bar = { figure: "memory", limit: 100e6 };

const plainSource = "--src-tls-verify=false";
const plainDestination = "--dest-tls-verify=false";

/** `docker://`, with a registry on this machine's loopback. */
export const registryRows: readonly Row[] = [
  pushRow({
    name: "registry-push",
    title: "oci-dir → docker://",
    from: (inputs) => inputs.gzipLayout(),
    bars: [{ figure: "wall", limit: 0.85 }, little],
    quick: true,
  }),
  pullRow({
    name: "registry-pull",
    title: "docker:// → oci-dir",
    to: (folder) => `oci:${folder}/image:copy`,
    bars: [{ figure: "wall", limit: 1 }, little],
    quick: true,
  }),
  registryRow({
    name: "registry-pull-tls",
    title: "docker:// → oci-dir, over TLS",
    needs: ["openssl"],
    bars: [{ figure: "wall", limit: 1.1 }, little],
    async prepare(inputs) {
      const [folder, { authority, server }] = [await inputs.registry(), await inputs.certificates()];
      const certDir = path.join(path.dirname(authority.certificate), "certs.d");
      mkdirSync(certDir, { recursive: true });
      copyFileSync(authority.certificate, path.join(certDir, "ca.crt"));
      return {
        tls: server,
        data: () => folder,
        words: (host, place) => [
          `--src-cert-dir=${certDir}`,
          `docker://${host}/${nameInRegistry}`,
          `oci:${place.folder}/image:copy`,
        ],
      };
    },
  }),
  pushRow({
    name: "registry-compress",
    title: "docker-archive → docker://, gzip",
    from: (inputs) => inputs.archive(),
    bars: [{ figure: "wall", limit: 1 }, { figure: "bytes", limit: 1.01 }, little],
  }),
  pullRow({
    name: "registry-inflate",
    title: "docker:// → docker-archive",
    to: (folder) => `docker-archive:${folder}/image.tar:example.com/drayage/copy:1`,
    bars: [{ figure: "wall", limit: 1 }, little],
  }),
  registryRow({
    name: "registry-mount",
    title: "docker:// → docker://, in one registry",
    bars: [little],
    async prepare(inputs) {
      const folder = await inputs.registry();
      return {
        data: () => folder,
        words: (host, place) => [
          plainSource,
          plainDestination,
          `docker://${host}/${nameInRegistry}`,
          // Another repository each time.
          `docker://${host}/copies/${path.basename(path.dirname(place.folder))}:1`,
        ],
      };
    },
  }),
  digestRow(),
];

interface PushOptions extends Omit<RegistryRowOptions, "prepare"> {
  from(inputs: Inputs): Promise<string>;
}

/** Into a registry that has nothing yet. */
function pushRow({ from, ...facts }: PushOptions): Row {
  return registryRow({
    ...facts,
    async prepare(inputs) {
      const source = await from(inputs);
      return {
        data: ({ folder }) => path.join(folder, "registry"),
        words: (host) => [plainDestination, source, `docker://${host}/${nameInRegistry}`],
      };
    },
  });
}

interface PullOptions extends Omit<RegistryRowOptions, "prepare"> {
  to(folder: string): string;
}

function pullRow({ to, ...facts }: PullOptions): Row {
  return registryRow({
    ...facts,
    async prepare(inputs) {
      const data = await inputs.registry();
      return {
        data: () => data,
        words: (host, { folder }) => [plainSource, `docker://${host}/${nameInRegistry}`, to(folder)],
      };
    },
  });
}

function registryRow({ prepare, needs = [], ...facts }: RegistryRowOptions): Row {
  return pairRow({
    ...facts,
    against: "skopeo",
    section: "registries",
    needs: ["skopeo", "gzip", "zstd", "docker-registry", ...needs],
    async prepare(bench) {
      const { data, words, tls } = await prepare(bench.inputs);
      const diffIds = await bench.inputs.diffIds();
      const start = (place: Place): Promise<TestRegistry> => startRegistry({ folder: data(place), tls });
      const side = (of: (args: readonly string[]) => Command) => async (place: Place) => {
        const registry = await start(place);
        const command = of(["copy", "--quiet", ...words(registry.host, place)]);
        return besideRegistry(registry, { bench, place, command });
      };
      return {
        ours: side(ourCommand),
        theirs: side(peerCommand),
        async verify(place) {
          await using registry = await start(place);
          const destination = words(registry.host, place).at(-1) ?? "";
          await verifyImage(destination, { diffIds, flags: [plainSource], scratch: place.scratch });
        },
      };
    },
  });
}

/** What is asked before anything is copied: one small answer. */
function digestRow(): Row {
  return pairRow({
    name: "registry-digest",
    title: "dray digest docker://…",
    against: "skopeo inspect --raw",
    section: "registries",
    needs: ["skopeo", "gzip", "docker-registry"],
    bars: [],
    quick: true,
    short: true,
    async prepare(bench) {
      const [folder, wanted] = [
        await bench.inputs.registry(),
        await digestOf(await bench.inputs.gzipLayout()),
      ];
      const side = (of: (image: string) => Command) => async (place: Place) => {
        const registry = await startRegistry({ folder });
        const stdout = path.join(place.scratch, "printed");
        const command = { ...of(`docker://${registry.host}/${nameInRegistry}`), stdout };
        return besideRegistry(registry, { bench, place, command });
      };
      return {
        ours: side((image) => ourCommand(["digest", "--tls-verify=false", image])),
        theirs: side((image) => peerCommand(["inspect", "--raw", "--tls-verify=false", image])),
        async verify({ scratch }) {
          const printed = readFileSync(path.join(scratch, "printed"), "utf8");
          const found = printed.startsWith("{") ? sha256(printed) : printed.trim();
          if (found !== wanted) throw new Error(`the digest is ${wanted}, and what was printed\n${printed}`);
        },
      };
    },
  });
}

function ourCommand(args: readonly string[]): Command {
  return { program: process.execPath, args: [drayEntry(), ...args] };
}

function peerCommand(args: readonly string[]): Command {
  return { program: benchPeer("skopeo"), args: ["--insecure-policy", ...args] };
}

function besideRegistry(
  beside: TestRegistry,
  { bench, place, command }: { bench: Bench; place: Place; command: Command },
): Command {
  return { ...command, env: registryEnvironment(place.scratch, bench.compiledCode), beside };
}

/** The digest of the manifest that a layout has, as skopeo knows it. */
async function digestOf(layout: string): Promise<string> {
  const { stdout } = await run(benchPeer("skopeo"), ["inspect", "--raw", layout]);
  return sha256(stdout);
}

function sha256(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
