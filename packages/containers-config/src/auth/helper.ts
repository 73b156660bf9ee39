import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { abortError, DrayageError, errnoOf, throwIfAborted } from "@drayage/errors";
import type { Credentials } from "@drayage/transport";
import type { Environment } from "../environment.ts";
import { type StoredCredentials, tokenUser } from "./entries.ts";

/** How a credential helper is called. */
export interface HelperOptions {
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that it may take: one that asks the user for a passphrase takes its time. */
  readonly timeout?: number | undefined;
}

const defaultTimeout = 60_000;
const outputLimit = 1024 * 1024;
const namePattern = /^[a-z0-9][a-z0-9._-]{0,99}$/i;
const notFound = "credentials not found in native keychain";

/**
 * The credentials that `docker-credential-<helper>` has for a server; undefined where it has none.
 *
 * @throws `ERR_DRAYAGE_CREDENTIALS`, `ERR_DRAYAGE_CONFIGURATION_INVALID` (a name that is none), `ERR_DRAYAGE_ABORTED`
 */
export async function getFromHelper(
  helper: string,
  server: string,
  options: HelperOptions,
): Promise<StoredCredentials | undefined> {
  const ended = await run({ helper, action: "get", input: server }, options);
  if (ended.status !== 0) {
    if (says(ended, notFound)) return undefined;
    throw failure(ended);
  }
  const { Username, Secret } = parseAnswer(ended);
  if (!isTextOrAbsent(Username) || !isTextOrAbsent(Secret)) throw badAnswer(ended);
  const username = Username ?? "";
  const secret = Secret ?? "";
  if (username === tokenUser && secret !== "") {
    return { credentials: { identityToken: secret }, username: undefined };
  }
  if (username === "" && secret === "") return undefined;
  return { credentials: { username, password: secret }, username: username === "" ? undefined : username };
}

/** Lets a helper store credentials for a server. @throws as {@link getFromHelper} */
export async function storeInHelper(
  helper: string,
  { server, credentials }: { readonly server: string; readonly credentials: Credentials },
  options: HelperOptions,
): Promise<void> {
  const [username, secret] =
    "identityToken" in credentials
      ? [tokenUser, credentials.identityToken]
      : [credentials.username, credentials.password];
  const input = JSON.stringify({ ServerURL: server, Username: username, Secret: secret });
  const ended = await run({ helper, action: "store", input }, options);
  if (ended.status !== 0) throw failure(ended, [secret]);
}

/** Lets a helper forget a server; false where it says that it does not know it. @throws as {@link getFromHelper} */
export async function eraseInHelper(
  helper: string,
  server: string,
  options: HelperOptions,
): Promise<boolean> {
  const ended = await run({ helper, action: "erase", input: server }, options);
  if (ended.status === 0) return true;
  if (says(ended, notFound)) return false;
  throw failure(ended);
}

/** The servers that a helper has credentials for, and their users. @throws as {@link getFromHelper} */
export async function listHelper(
  helper: string,
  options: HelperOptions,
): Promise<ReadonlyMap<string, string>> {
  const ended = await run({ helper, action: "list", input: "unused" }, options);
  if (ended.status !== 0) throw failure(ended);
  const users = new Map<string, string>();
  for (const [server, username] of Object.entries(parseAnswer(ended))) {
    if (typeof username !== "string") throw badAnswer(ended);
    users.set(server, username);
  }
  return users;
}

/** Whether an error says that a helper's program is not installed. */
export function isHelperMissing(error: unknown): boolean {
  return error instanceof Error && errnoOf(error.cause) === "ENOENT";
}

interface Call {
  readonly helper: string;
  readonly action: "get" | "store" | "erase" | "list";
  readonly input: string;
}

interface Ended {
  readonly call: Call;
  /** The exit status, or the signal that ended it. */
  readonly status: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** The protocol: the action is the argument, the request comes on standard input, the answer goes to standard output. */
async function run(call: Call, options: HelperOptions): Promise<Ended> {
  const { env, signal } = options;
  throwIfAborted(signal);
  const program = programOf(call.helper);
  const child = spawn(program, [call.action], { env, stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
  // One that does not read its input says by its exit status whether that was right.
  child.stdin.on("error", () => undefined);
  child.stdin.end(call.input);
  return ending(child, { ...options, program, call });
}

interface Watch extends HelperOptions {
  readonly program: string;
  readonly call: Call;
}

function ending(child: ChildProcessWithoutNullStreams, watch: Watch): Promise<Ended> {
  const { program, call, signal, timeout = defaultTimeout } = watch;
  const output = { stdout: collector(), stderr: collector() };
  return new Promise((resolve, reject) => {
    const stop = (reason: DrayageError): void => {
      settle();
      child.kill("SIGKILL");
      // A grandchild may hold the pipes open: nobody waits for it.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      reject(reason);
    };
    const onAbort = (): void => stop(abortError(signal?.reason, `ask ${program}`));
    const timer = setTimeout(() => stop(tooSlow(program, call.action, timeout)), timeout);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (chunk: Uint8Array) => {
        if (!output[name].add(chunk)) stop(credentialsError(`${program} printed more than 1 MiB`));
      });
    }
    child.on("error", (cause) => {
      settle();
      reject(cannotRun(program, cause));
    });
    child.on("close", (code, killedBy) => {
      settle();
      const status = code ?? killedBy ?? 1;
      resolve({ call, status, stdout: output.stdout.text(), stderr: output.stderr.text() });
    });
  });
}

function tooSlow(program: string, action: string, timeout: number): DrayageError {
  return credentialsError(`${program} did not answer within ${timeout / 1000} s`, {
    hint: `run ${program} ${action} by hand to see what it waits for`,
  });
}

function programOf(helper: string): string {
  if (namePattern.test(helper)) return `docker-credential-${helper}`;
  throw new DrayageError(
    "ERR_DRAYAGE_CONFIGURATION_INVALID",
    `${JSON.stringify(helper)} is no name of a credential helper`,
    { hint: "name it without the path and without docker-credential-: pass, secretservice, ecr-login" },
  );
}

function collector(): { add(chunk: Uint8Array): boolean; text(): string } {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    add(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      return size <= outputLimit;
    },
    text: () => Buffer.concat(chunks).toString("utf8"),
  };
}

function says({ stdout }: Ended, message: string): boolean {
  return stdout.trim() === message;
}

function parseAnswer(ended: Ended): Readonly<Record<string, unknown>> {
  let answer: unknown;
  try {
    answer = JSON.parse(ended.stdout);
  } catch {
    // The parser's error quotes the answer, which is a secret.
    throw badAnswer(ended);
  }
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) throw badAnswer(ended);
  return answer as Readonly<Record<string, unknown>>;
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function badAnswer({ call }: Ended): DrayageError {
  return credentialsError(
    `docker-credential-${call.helper} ${call.action} answered what is not of its protocol`,
  );
}

function cannotRun(program: string, cause: Error): DrayageError {
  const missing = errnoOf(cause) === "ENOENT";
  return credentialsError(
    missing ? `${program} is not installed` : `cannot run ${program}: ${cause.message}`,
    {
      hint: missing ? "install it, or take it out of the configuration" : undefined,
      cause,
    },
  );
}

function failure({ call, status, stdout, stderr }: Ended, secrets: readonly string[] = []): DrayageError {
  const how = typeof status === "number" ? `exit status ${status}` : status;
  const complaint = complaintIn(stdout, secrets) ?? complaintIn(stderr, secrets);
  return credentialsError(
    `docker-credential-${call.helper} ${call.action} failed (${how})${complaint === undefined ? "" : `: ${complaint}`}`,
  );
}

/** The first line of what a helper printed, unless there may be a secret in it. */
function complaintIn(output: string, secrets: readonly string[]): string | undefined {
  const line = output.trim().split("\n", 1)[0]?.trim() ?? "";
  if (
    line === "" ||
    line.length > 300 ||
    /[{}]|(?:secret|password|token|authorization)["']?\s*[:=]|\b(?:basic|bearer)\s/i.test(line)
  ) {
    return undefined;
  }
  return secrets.some((secret) => secret !== "" && line.includes(secret)) ? undefined : line;
}

function credentialsError(
  message: string,
  options: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CREDENTIALS", message, options);
}
