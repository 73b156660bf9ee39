import { spawn } from "node:child_process";
import { findPeer, type PeerName, packageOf } from "./find.ts";

export { findPeer, type PeerName } from "./find.ts";

export interface RunOptions {
  readonly cwd?: string | undefined;
  /** Variables to set beside those of this process; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** What the program reads from its standard input; nothing by default. */
  readonly input?: string | Uint8Array | undefined;
  /** Give back the result of a program that failed, rather than throw. */
  readonly mayFail?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RunResult {
  /** The exit code; 128 and the signal's number where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output byte for byte. */
  readonly bytes: Uint8Array;
}

const textInErrors = 4000;

/** Runs a program to its end. Throws an error with the command line and its output where it fails. */
export async function run(
  binary: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunResult> {
  const { cwd, env, input, signal } = options;
  const child = spawn(binary, args, {
    cwd,
    env: { ...process.env, ...env },
    signal,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  child.stdout.on("data", (chunk: Uint8Array) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => stderr.push(chunk));
  // A program that ends before it has read all closes the pipe; its exit code says whether that is a failure.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", (cause) => reject(new Error(`cannot run ${binary}: ${cause.message}`, { cause })));
    child.on("close", (...ending) => resolve(ending));
  });
  const bytes = Buffer.concat(stdout);
  const result = {
    code: code ?? 128,
    stdout: bytes.toString(),
    stderr: Buffer.concat(stderr).toString(),
    bytes,
  };
  if (result.code !== 0 && options.mayFail !== true) throw failure({ binary, args, killedBy, ...result });
  return result;
}

/** Runs a peer that is known to be installed. */
export async function runPeer(
  name: PeerName,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunResult> {
  const binary = findPeer(name);
  if (binary === undefined) throw new Error(`${name} is not installed (Debian package ${packageOf(name)})`);
  return run(binary, args, options);
}

/** Runs skopeo with a policy that accepts all, so that the machine needs no policy.json. */
export function skopeo(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runPeer("skopeo", ["--insecure-policy", ...args], options);
}

interface Failure extends RunResult {
  readonly binary: string;
  readonly args: readonly string[];
  readonly killedBy: NodeJS.Signals | null;
}

function failure({ binary, args, code, killedBy, stderr, stdout }: Failure): Error {
  const command = [binary, ...args].map(quoted).join(" ");
  const ending = killedBy === null ? `exit code ${code}` : `signal ${killedBy}`;
  const parts = [
    `${command}\nended with ${ending}`,
    stderr && `standard error:\n${stderr.slice(-textInErrors).trimEnd()}`,
    stdout && `standard output:\n${stdout.slice(-textInErrors).trimEnd()}`,
  ];
  return new Error(parts.filter(Boolean).join("\n"));
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
