import { DrayageError } from "@drayage/errors";
import {
  type Isolation,
  parseMounts,
  parseSecret,
  type RunCommandOptions,
  type RunMount,
  runCommand,
} from "@drayage/run";
import type { RunOptions, RunResult } from "../builder.ts";
import type { BuilderState, HistoryItem } from "../state/state.ts";
import { type RunFacts, runFacts } from "./facts.ts";
import { imageVolumes } from "./image-volumes.ts";

/** What is to be known of a working container of a store to run something in it. */
export interface RunnableContainer {
  readonly state: BuilderState;
  /** The container's own folder in the store, where volumes of the image are kept: `<root>/overlay-containers/<id>/userdata`. */
  readonly folder: string;
  /** Mounts it, and counts. Gives the folder where its files are. */
  mount(): Promise<string>;
  unmount(): Promise<void>;
  /** Mounts an image for `--mount from=`. Whoever calls `release` is done with it. Absent: such a mount is refused. */
  readonly mountImage?:
    | ((name: string) => Promise<{ readonly folder: string; release(): Promise<void> }>)
    | undefined;
}

/**
 * Runs a command in a working container as `buildah run` does: with the environment, user, folder, volumes and the other settings
 * of its config and its `buildah.json`, where `options` have no other. The container is mounted meanwhile.
 *
 * The state is not changed: with `addHistory`, who calls puts {@link runHistory} at the end of `prependedEmptyLayers` once the
 * command has ended with 0.
 *
 * @throws what `runCommand` of `@drayage/run` throws
 */
export async function runInContainer(
  container: RunnableContainer,
  command: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const images = imageMounts(container);
  try {
    // Wrong texts are refused before anything is mounted.
    const facts = runFacts(container.state);
    for (const sentence of facts.warnings) options.onWarning?.(sentence);
    const asked = await askedMounts(facts, options, images.rootOf);
    const rootfs = await container.mount();
    try {
      const volumes = await imageVolumes(namesOfVolumes(container.state), {
        rootfs,
        folder: container.folder,
        signal: options.signal,
      });
      const taken = new Set(asked.map(({ destination }) => destination));
      const mounts = [...asked, ...volumes.filter(({ destination }) => !taken.has(destination))];
      return await runCommand({ ...settings(container.state, facts, options), rootfs, command, mounts });
    } finally {
      await container.unmount();
    }
  } finally {
    await images.release();
  }
}

/** What `--add-history` says of a command: `/bin/sh -c make install`. */
export function runHistory(state: BuilderState, command: readonly string[], now: Date): HistoryItem {
  const shell = state.image.docker.config?.Shell ?? [];
  const words = [shell.length > 0 ? shell.join(" ") : "/bin/sh -c", ...command];
  return { created: now.toISOString(), created_by: words.join(" "), empty_layer: true };
}

const hostsFile = "/etc/hosts";
const resolvFile = "/etc/resolv.conf";

function settings(
  state: BuilderState,
  facts: RunFacts,
  options: RunOptions,
): Omit<RunCommandOptions, "command" | "rootfs"> {
  const { config = {} } = state.image.oci;
  const volumes = namesOfVolumes(state);
  const { noHosts = false } = options;
  return {
    env: environment(config.Env ?? [], facts, options.env ?? []),
    user: options.user || config.User,
    cwd: options.workingDir || config.WorkingDir || "/",
    hostname: options.hostname || state.image.docker.config?.Hostname || state.containerId.slice(0, 12),
    isolation: isolationFor(state, options),
    runtime: options.runtime,
    runtimeFlags: options.runtimeFlags,
    network: options.network ?? facts.network,
    files: new Map([["/run/.containerenv", containerEnv(state)]]),
    hosts: noHosts || volumes.includes(hostsFile) ? false : facts.hosts,
    dns: volumes.includes(resolvFile) ? false : facts.dns,
    capabilities: { base: facts.capabilities, add: options.capAdd, drop: options.capDrop },
    seccomp: facts.seccomp,
    ulimits: facts.ulimits,
    shmSize: facts.shmSize,
    resources: facts.resources,
    cgroupParent: facts.cgroupParent,
    devices: facts.devices,
    apparmor: facts.apparmor,
    namespaces: namespacesOf(facts, options),
    hooks: {
      folders: options.hooksDirs ?? facts.hooksDirs,
      annotations: state.annotations,
      hasBindMounts: volumes.length > 0 || wantsMounts(options),
    },
    onWarning: options.onWarning,
    noPivot: options.noPivot,
    terminal: options.terminal,
    stdin: options.stdin,
    onOutput: options.onOutput,
    signal: options.signal,
  };
}

/** What an option leaves open the container says. */
function namespacesOf(
  { namespaces: own }: RunFacts,
  { namespaces: { cgroup, ipc, uts } = {} }: RunOptions,
): RunCommandOptions["namespaces"] {
  return { cgroup: cgroup ?? own.cgroup, ipc: ipc ?? own.ipc, uts: uts ?? own.uts };
}

/** Those of the container are not counted, as by buildah. */
function wantsMounts({ volumes = [], mounts = [] }: RunOptions): boolean {
  return volumes.length > 0 || mounts.length > 0;
}

const isolations: readonly Isolation[] = ["oci", "rootless", "chroot"];

/** That of the options, else the container's. `default` is decided by what this machine has. */
function isolationFor(state: BuilderState, { isolation }: RunOptions): Isolation | undefined {
  const text = isolation || state.isolation;
  if (text === "default") return undefined;
  const known = isolations.find((one) => one === text);
  if (known !== undefined) return known;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(text)} is no isolation`, {
    hint: `it is one of ${isolations.join(", ")}, default`,
  });
}

const usualPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const proxyNames = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

function environment(
  image: readonly string[],
  { httpProxy }: RunFacts,
  more: readonly string[],
): readonly string[] {
  const proxies = httpProxy
    ? proxyNames.flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`]))
    : [];
  return [...proxies, usualPath, ...image, ...more];
}

function namesOfVolumes(state: BuilderState): readonly string[] {
  return Object.keys(state.image.oci.config?.Volumes ?? {});
}

function containerEnv(state: BuilderState): string {
  const rootless = process.geteuid?.() === 0 ? 0 : 1;
  const lines: readonly (readonly [string, string])[] = [
    ["engine", "drayage"],
    ["name", state.container],
    ["id", state.containerId],
    ["image", state.fromImage],
    ["imageid", state.fromImageId],
  ];
  return [
    ...lines.map(([name, value]) => `${name}=${JSON.stringify(value)}\n`),
    `rootless=${rootless}\n`,
  ].join("");
}

async function askedMounts(
  facts: RunFacts,
  options: RunOptions,
  rootOf: ((name: string) => Promise<string>) | undefined,
): Promise<readonly RunMount[]> {
  const secrets = (options.secrets ?? []).map((text) => parseSecret(text));
  const asked = await parseMounts(
    { volumes: options.volumes, mounts: options.mounts },
    { contextDir: options.contextDir || undefined, secrets, rootOf },
  );
  const own = await parseMounts({ volumes: facts.volumes });
  const taken = new Set(asked.map(({ destination }) => destination));
  return [...asked, ...own.filter(({ destination }) => !taken.has(destination))];
}

/** Images that are mounted for this run only. */
function imageMounts({ mountImage }: RunnableContainer): {
  readonly rootOf: ((name: string) => Promise<string>) | undefined;
  release(): Promise<void>;
} {
  const releases: (() => Promise<void>)[] = [];
  return {
    rootOf:
      mountImage &&
      (async (name) => {
        const mounted = await mountImage(name);
        releases.push(() => mounted.release());
        return mounted.folder;
      }),
    async release() {
      for (const release of releases.splice(0)) await release();
    },
  };
}
