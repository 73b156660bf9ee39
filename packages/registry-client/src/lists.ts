import { DrayageError, sanitizeText } from "@drayage/errors";
import { type PageRequest, readPages } from "./pages.ts";
import type { Session } from "./session.ts";

/** The most bytes of one page of tags or repositories (containers/image has the same). */
const pageLimit = 50 * 1024 * 1024;

/** The most bytes of all pages together: millions of names. */
const listLimit = 256 * 1024 * 1024;
/** What each page counts at least, so that there is an end to empty ones. */
const leastPage = 2048;

export interface ListRequest extends Pick<PageRequest, "path" | "scopes" | "expected" | "signal"> {
  /** The field of the answer that has the names. */
  readonly field: "tags" | "repositories";
  /** How many names a page should have; the registry may have another opinion. */
  readonly pageSize: number | undefined;
}

/**
 * The names that a registry lists, in its order. Registries without `Link` headers are asked for what follows the last name as
 * long as their pages are full.
 *
 * @throws ERR_DRAYAGE_LIMIT_EXCEEDED where that has no end
 */
export async function* listNames(
  session: Session,
  request: ListRequest,
): AsyncGenerator<string, void, undefined> {
  const { pageSize, field } = request;
  let last: string | undefined;
  let left = listLimit;
  for (;;) {
    let count = 0;
    let before = last;
    let linked = false;
    const pages = readPages(session, {
      ...request,
      path: pagePath(request, last),
      accept: "application/json",
      limit: pageLimit,
    });
    for await (const { bytes, response } of pages) {
      left -= Math.max(bytes.length, leastPage);
      if (left < 0) {
        throw new DrayageError(
          "ERR_DRAYAGE_LIMIT_EXCEEDED",
          `cannot ${request.expected.doing}: the list of ${session.host} has no end`,
        );
      }
      linked ||= response.headers.get("link") !== undefined;
      const names = parseNames(bytes, field, session.host);
      // A registry that does not know `last` begins anew.
      if (before !== undefined && names.includes(before)) return;
      before = undefined;
      count += names.length;
      yield* names;
      last = names.at(-1) ?? last;
    }
    if (linked || pageSize === undefined || count !== pageSize) return;
  }
}

function pagePath({ path, pageSize }: ListRequest, last: string | undefined): string {
  if (pageSize === undefined) return path;
  const query = new URLSearchParams({ n: String(pageSize) });
  if (last !== undefined) query.set("last", last);
  return `${path}?${query}`;
}

function parseNames(bytes: Uint8Array, field: string, host: string): readonly string[] {
  const invalid = (): DrayageError =>
    new DrayageError("ERR_DRAYAGE_REGISTRY", `${host} answered something that is no list of ${field}`);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw invalid();
  }
  if (typeof document !== "object" || document === null) throw invalid();
  const names = (document as Readonly<Record<string, unknown>>)[field];
  // docker-registry says null of a repository whose tags were deleted.
  if (names === null || names === undefined) return [];
  if (!Array.isArray(names) || !names.every(isPrintable)) throw invalid();
  return names;
}

/** Lists are printed, a name to a line, and read by scripts: no name ends a line or tells a terminal what to do. */
function isPrintable(name: unknown): name is string {
  return typeof name === "string" && sanitizeText(name) === name;
}
