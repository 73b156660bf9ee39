import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { run } from "@drayage-internal/peers/run";
import { sizeBelow } from "./folders.ts";
import { benchPeer } from "./peers.ts";

/** What to run and measure. */
export interface Command {
  /** The path of the binary. */
  readonly program: string;
  readonly args: readonly string[];
  /** Variables to set beside those of {@link measuringEnvironment}. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** A file that takes its standard output, which else is thrown away. */
  readonly stdout?: string | undefined;
  /** What has to run meanwhile; it is disposed of afterwards. */
  readonly beside?: AsyncDisposable | undefined;
}

/** What one run took. */
export interface Measurement {
  readonly wallSeconds: number;
  /** User and system time of the process and of the children that it waited for. */
  readonly cpuSeconds: number;
  /** The most memory that was resident at a time, of the process that had the most. */
  readonly peakBytes: number;
  /** The sizes of the files that it made. */
  readonly resultBytes: number;
}

interface Report extends Omit<Measurement, "resultBytes"> {
  readonly code: number;
  readonly leastPeakBytes: number;
}

const measurer = path.resolve(import.meta.dirname, "../children/measure.py");

/**
 * Runs a command to its end. `folder` is where its result comes to, `scratch` where it may leave other things; both are
 * new and on one file system.
 */
export async function measure(
  { beside, ...command }: Command,
  { folder, scratch }: { readonly folder: string; readonly scratch: string },
): Promise<Measurement> {
  await using _beside = beside;
  const temporary = path.join(scratch, "tmp");
  mkdirSync(temporary, { recursive: true });
  const report = path.join(scratch, "report.json");
  const { code, stderr } = await run(
    benchPeer("python3"),
    ["-ISE", measurer, report, command.stdout ?? "/dev/null", command.program, ...command.args],
    { env: { ...measuringEnvironment(scratch), TMPDIR: temporary, ...command.env } },
  );
  const { leastPeakBytes, ...taken } = JSON.parse(readFileSync(report, "utf8")) as Report;
  if (code !== 0 || taken.code !== 0) {
    const words = [command.program, ...command.args].join(" ");
    throw new Error(`${words}\nended with exit code ${taken.code}\n${stderr}`);
  }
  const { wallSeconds, cpuSeconds, peakBytes } = taken;
  return {
    wallSeconds,
    cpuSeconds,
    peakBytes: Math.max(peakBytes, leastPeakBytes),
    resultBytes: sizeBelow(folder),
  };
}

/**
 * The environment of every program that is measured. Node loads the file of NODE_EXTRA_CA_CERTS at every start, which
 * takes as long as the start itself. Settings of dray's own would be measured unseen. skopeo remembers across runs which blob is which, and would skip work: here it
 * remembers in `scratch`, also as root, whose place for it is fixed unless it is told that it runs rootless.
 */
export function measuringEnvironment(scratch: string): Readonly<Record<string, string | undefined>> {
  return {
    NODE_EXTRA_CA_CERTS: undefined,
    NODE_OPTIONS: undefined,
    DRAYAGE_ENGINE: undefined,
    DRAYAGE_WORKERS: undefined,
    DRAYAGE_CONFIG: undefined,
    REGISTRY_AUTH_FILE: undefined,
    XDG_DATA_HOME: path.join(scratch, "data"),
    ...(process.getuid?.() === 0 ? { _CONTAINERS_ROOTLESS_UID: "1000" } : {}),
  };
}

/**
 * Set besides where registries are used: neither the user's logins and settings are read, nor what dray has learnt of blobs
 * in runs before. `compiled` is where Node may keep compiled code, which it keeps from one run to the next elsewhere too.
 */
export function registryEnvironment(
  scratch: string,
  compiled: string = path.join(scratch, "compiled"),
): Readonly<Record<string, string>> {
  return {
    HOME: scratch,
    XDG_CACHE_HOME: path.join(scratch, "cache"),
    XDG_CONFIG_HOME: path.join(scratch, "config"),
    XDG_RUNTIME_DIR: scratch,
    NODE_COMPILE_CACHE: compiled,
    NO_PROXY: "127.0.0.1",
    no_proxy: "127.0.0.1",
  };
}

/** Waits until what was written below `folder` is on the disk, so that it is not written on another's time. */
export async function settle(folder: string): Promise<void> {
  await run("sync", ["--file-system", folder]);
}
