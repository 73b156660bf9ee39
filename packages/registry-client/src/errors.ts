import { DrayageError, type DrayageErrorCode, isDrayageError, sanitizeText } from "@drayage/errors";
import type { HttpResponse } from "@drayage/http";

/** What was being done when a registry answered with an error. */
export interface FailedCall {
  /** `read the manifest of library/busybox:1` */
  readonly doing: string;
  readonly host: string;
  /** Where one logs in, if not at `host`. */
  readonly registry?: string | undefined;
  /** What is not there when the answer is 404 without a word. */
  readonly missing?:
    | "ERR_DRAYAGE_IMAGE_NOT_FOUND"
    | "ERR_DRAYAGE_BLOB_NOT_FOUND"
    | "ERR_DRAYAGE_REPOSITORY_NOT_FOUND"
    | "ERR_DRAYAGE_REGISTRY_UNSUPPORTED";
  /** What a refusal of the content means, where it is a manifest. */
  readonly refused?: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED";
}

/** One of the `errors` of a registry's answer (distribution-spec, "Error Codes"). */
export interface RegistryErrorEntry {
  readonly code: string;
  readonly message: string;
}

const bodyLimit = 64 * 1024;
const messageLimit = 200;

const codes: Readonly<Record<string, DrayageErrorCode>> = {
  BLOB_UNKNOWN: "ERR_DRAYAGE_BLOB_NOT_FOUND",
  DENIED: "ERR_DRAYAGE_DENIED",
  DIGEST_INVALID: "ERR_DRAYAGE_DIGEST_MISMATCH",
  MANIFEST_BLOB_UNKNOWN: "ERR_DRAYAGE_BLOB_NOT_FOUND",
  MANIFEST_UNKNOWN: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
  NAME_INVALID: "ERR_DRAYAGE_REFERENCE_INVALID",
  NAME_UNKNOWN: "ERR_DRAYAGE_REPOSITORY_NOT_FOUND",
  SIZE_INVALID: "ERR_DRAYAGE_SIZE_MISMATCH",
  TOOMANYREQUESTS: "ERR_DRAYAGE_RATE_LIMITED",
  UNAUTHORIZED: "ERR_DRAYAGE_UNAUTHORIZED",
  UNSUPPORTED: "ERR_DRAYAGE_REGISTRY_UNSUPPORTED",
};

/** What registries say of a manifest whose type they do not take (containers/image: ManifestTypeRejectedError). */
const refusals: ReadonlySet<string> = new Set(["MANIFEST_INVALID", "TAG_INVALID", "UNSUPPORTED"]);

const reasons: Partial<Record<DrayageErrorCode, string>> = {
  ERR_DRAYAGE_BLOB_NOT_FOUND: "there is no such blob",
  ERR_DRAYAGE_DENIED: "it is not allowed",
  ERR_DRAYAGE_IMAGE_NOT_FOUND: "there is no such image",
  ERR_DRAYAGE_RATE_LIMITED: "it wants fewer requests",
  ERR_DRAYAGE_REGISTRY_UNSUPPORTED: "the registry cannot do this, or it is switched off",
  ERR_DRAYAGE_REPOSITORY_NOT_FOUND: "there is no such repository",
  ERR_DRAYAGE_UNAUTHORIZED: "it wants other credentials",
};

/** An answer that says that something failed, as an error. Reads the answer's body. */
export async function responseError(response: HttpResponse, call: FailedCall): Promise<DrayageError> {
  return (await readError(response, call)).error;
}

/** The same, and whether it is said as registries say it. */
export async function readError(
  response: HttpResponse,
  call: FailedCall,
): Promise<{ readonly error: DrayageError; readonly spoken: boolean }> {
  const { entries, page } = await readErrors(response);
  return { error: entriesError(response.status, entries, call, page), spoken: entries.length > 0 };
}

/** As {@link responseError}, of an answer that was read already. */
export function entriesError(
  status: number,
  entries: readonly RegistryErrorEntry[],
  call: FailedCall,
  page = false,
): DrayageError {
  const entry = entries.find(({ code }) => Object.hasOwn(codes, code) || refusals.has(code)) ?? entries[0];
  const code = codeOf(status, entry, call);
  const said = entry === undefined ? undefined : quoteEntry(entry);
  const answer = `it answered ${status}${page ? " with a web page" : ""}`;
  const reason = [reasons[code] ?? answer, said].filter((part) => part !== undefined).join(": ");
  return new DrayageError(code, `cannot ${call.doing} at ${call.host}: ${reason}`, {
    hint: hintOf(code, status, call.registry ?? call.host),
    retryable: code === "ERR_DRAYAGE_RATE_LIMITED" || status === 408 || status >= 500,
  });
}

function codeOf(status: number, entry: RegistryErrorEntry | undefined, call: FailedCall): DrayageErrorCode {
  if (status === 429) return "ERR_DRAYAGE_RATE_LIMITED";
  if (call.refused !== undefined && (status === 415 || (entry !== undefined && refusals.has(entry.code)))) {
    return call.refused;
  }
  // Some registries say UNAUTHORIZED where they know who asks; 403 is what tells.
  if (status === 403) return "ERR_DRAYAGE_DENIED";
  const known = entry === undefined || !Object.hasOwn(codes, entry.code) ? undefined : codes[entry.code];
  if (known !== undefined) return known;
  if (status === 401) return "ERR_DRAYAGE_UNAUTHORIZED";
  if (status === 404) return call.missing ?? "ERR_DRAYAGE_REGISTRY";
  if (status === 405 || status === 501) return "ERR_DRAYAGE_REGISTRY_UNSUPPORTED";
  return "ERR_DRAYAGE_REGISTRY";
}

function hintOf(code: DrayageErrorCode, status: number, host: string): string | undefined {
  switch (code) {
    case "ERR_DRAYAGE_UNAUTHORIZED":
      return `log in: dray login ${host}`;
    case "ERR_DRAYAGE_DENIED":
      return `ask for access to it, or log in as somebody else: dray login ${host}`;
    case "ERR_DRAYAGE_RATE_LIMITED":
      return `wait and try again; some registries allow more to those who are logged in: dray login ${host}`;
    case "ERR_DRAYAGE_IMAGE_NOT_FOUND":
    case "ERR_DRAYAGE_REPOSITORY_NOT_FOUND":
      return "check the name; some registries say this of what one may not see";
    default:
      if (status === 413)
        return "a proxy before the registry limits the size of requests: upload in smaller chunks";
      return undefined;
  }
}

function quoteEntry({ code, message }: RegistryErrorEntry): string {
  const line = sanitizeText(message);
  const text = line.length > messageLimit ? `${line.slice(0, messageLimit)}…` : line;
  return text === "" ? code : `${text} (${code})`;
}

/** The errors that an answer lists. An answer in another form, or too long, lists none. */
export async function readErrors(
  response: HttpResponse,
): Promise<{ readonly entries: readonly RegistryErrorEntry[]; readonly page: boolean }> {
  const page = /^text\/html\b/i.test(response.headers.get("content-type") ?? "");
  let text: string;
  try {
    text = new TextDecoder().decode(await response.bytes(bodyLimit));
  } catch (error) {
    // The status alone says that it failed; a body that is too long or broken takes nothing from that.
    if (
      isDrayageError(error, "ERR_DRAYAGE_LIMIT_EXCEEDED") ||
      isDrayageError(error, "ERR_DRAYAGE_CONNECTION")
    ) {
      return { entries: [], page };
    }
    throw error;
  }
  return { entries: parseErrors(text), page };
}

function parseErrors(text: string): readonly RegistryErrorEntry[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return [];
  }
  const list =
    typeof document === "object" && document !== null && "errors" in document ? document.errors : undefined;
  const entries: RegistryErrorEntry[] = [];
  for (const item of Array.isArray(list) ? list.slice(0, 16) : []) {
    if (typeof item !== "object" || item === null) continue;
    const { code, message } = item as { readonly code?: unknown; readonly message?: unknown };
    if (typeof code !== "string" || !/^[A-Z_]{1,64}$/.test(code)) continue;
    entries.push({ code, message: typeof message === "string" ? message : "" });
  }
  return entries;
}
