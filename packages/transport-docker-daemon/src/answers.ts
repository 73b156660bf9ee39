import { DrayageError, type DrayageErrorCode, sanitizeText } from "@drayage/errors";
import type { HttpResponse } from "@drayage/http";
import type { Daemon } from "./daemon.ts";

/** What was being done when a daemon refused. */
export interface FailedCall {
  /** `read busybox:latest` */
  readonly doing: string;
  /** What it means that there is no such thing. */
  readonly missing?: DrayageErrorCode | undefined;
}

const bodyLimit = 64 * 1024;
const messageLimit = 500;

/** An answer that says that something failed, as an error. Reads the answer's body. */
export async function answerError(
  response: HttpResponse,
  { shown }: Daemon,
  { doing, missing }: FailedCall,
): Promise<DrayageError> {
  const said = messageOf(await response.bytes(bodyLimit));
  // Podman says so with 500.
  const isMissing = response.status === 404 || /\bimage not known$/.test(said ?? "");
  const status = isMissing ? 404 : response.status;
  const code = isMissing && missing !== undefined ? missing : "ERR_DRAYAGE_DAEMON";
  return daemonError(shown, { doing, code, said: said ?? `it answered ${status}`, status });
}

export interface DaemonFailure {
  readonly doing: string;
  /** What the daemon says. */
  readonly said: string;
  readonly code?: DrayageErrorCode | undefined;
  readonly status?: number | undefined;
}

export function daemonError(
  shown: string,
  { doing, said, code = "ERR_DRAYAGE_DAEMON", status = 0 }: DaemonFailure,
): DrayageError {
  const text = sanitizeText(said);
  const quoted = text.length > messageLimit ? `${text.slice(0, messageLimit)}…` : text;
  return new DrayageError(code, `cannot ${doing}: ${shown} says: ${quoted}`, { hint: hintFor(text, status) });
}

function hintFor(said: string, status: number): string | undefined {
  if (status === 404) return "docker image ls shows what the daemon has";
  if (status === 409)
    return "remove the containers and names that keep the image, or name it by each of its names";
  if (/no space left on device/.test(said)) return "free some space where the daemon keeps its images";
  if (/cannot be used on this platform|operating system/.test(said))
    return "choose an image of the daemon's own system";
  return undefined;
}

/** `{"message": "…"}`, or, of something that is no docker daemon, text. */
function messageOf(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes).trim();
  if (text === "") return undefined;
  try {
    const document: unknown = JSON.parse(text);
    const { message } = Object(document) as { readonly message?: unknown };
    return typeof message === "string" && message !== "" ? message : undefined;
  } catch {
    return text.startsWith("<") ? undefined : text;
  }
}
