import type { ProxiedRequest } from "./log.ts";

/** How a connection ends: by a reset (RST), or closed in good order (FIN) in the middle of a message. */
export type Ending = "reset" | "end";

/** Which requests a rule is for: all that fit what is named. */
export interface FaultMatch {
  readonly method?: string | readonly string[] | undefined;
  /** The path without its query, or a pattern found in the path with its query. */
  readonly path?: string | RegExp | undefined;
  /** Looks at the rest of the request: its headers, its number. */
  readonly when?: ((request: ProxiedRequest) => boolean) | undefined;
  /** Where the request came to: the registry's place, or the other host to which blobs are redirected; `registry` where absent. */
  readonly at?: ProxiedRequest["at"] | undefined;
  /** How many that fit are let through before the first is hit; 0 where absent. */
  readonly skip?: number | undefined;
  /** How many are hit; all where absent. */
  readonly times?: number | undefined;
}

/** What happens to a request. Fields can be combined where that makes sense. */
export interface Faults {
  /** Milliseconds before anything else is done. */
  readonly delay?: number | undefined;
  /** Ends the connection before the target hears of the request. */
  readonly refuse?: Ending | undefined;
  /**
   * Takes this many bytes of the request's body and ends the connection, and the target hears nothing of it: as behind
   * a server that passes requests on once they are whole, which is what nginx does.
   */
  readonly dropRequest?: FaultCut | undefined;
  /** Answers instead of the target, once the request's body has been read. */
  readonly answer?: FaultAnswer | undefined;
  /**
   * Answers with a redirect: to the other host, where the same is served to whoever knows the address, without
   * credentials; or to the URL that is named.
   */
  readonly redirect?: { readonly status?: number | undefined; readonly to?: string | undefined } | undefined;
  /** Passes this many bytes of the request's body on, and then ends both connections. */
  readonly cutRequest?: FaultCut | undefined;
  /** Lets the target do its work, and ends the connection instead of telling the client. */
  readonly loseResponse?: Ending | undefined;
  /** Sends the response's head and this many bytes of its body, and then ends the connection. */
  readonly cutResponse?: FaultCut | undefined;
  /** Passes this many bytes of the request's body on, and then nothing until the client gives up. */
  readonly stallRequest?: { readonly after: number } | undefined;
  /** Sends the response's head and this many bytes of its body, and then nothing until the client gives up. */
  readonly stallResponse?: { readonly after: number } | undefined;
  /** Both bodies pass at this speed. */
  readonly bytesPerSecond?: number | undefined;
  /** Answers a request for a part with the whole. */
  readonly ignoreRange?: boolean | undefined;
  /** Headers of the response that become others, or vanish: a wrong `content-range`, a wrong `docker-content-digest`. Names in lower case. */
  readonly responseHeaders?: Readonly<Record<string, string | undefined>> | undefined;
  /** Changes the byte of the response's body at this offset. */
  readonly corrupt?: { readonly at: number } | undefined;
  /** Leaves out all of the response's body beyond this length, and has `content-length` say so. */
  readonly truncate?: { readonly length: number } | undefined;
}

export interface FaultCut {
  /** Bytes of the body. With `reset` the system may throw away some of them on their way. */
  readonly after: number;
  /** `reset` where absent. */
  readonly ending?: Ending | undefined;
}

export interface FaultAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

/** A rule of a proxy. */
export interface FaultRule {
  /** How many requests it has hit. */
  readonly hits: number;
  remove(): void;
}

export interface FaultRules {
  add(match: FaultMatch, faults: Faults): FaultRule;
  clear(): void;
  /** What happens to this request: what the first rule says that is for it. */
  choose(request: ProxiedRequest): Faults;
}

export function faultRules(): FaultRules {
  const rules = new Set<{ match: FaultMatch; faults: Faults; seen: number; hits: number }>();
  return {
    add(match, faults) {
      const rule = { match, faults, seen: 0, hits: 0 };
      rules.add(rule);
      return {
        get hits() {
          return rule.hits;
        },
        remove: () => void rules.delete(rule),
      };
    },
    clear: () => rules.clear(),
    choose(request) {
      for (const rule of rules) {
        const { skip = 0, times = Number.POSITIVE_INFINITY } = rule.match;
        if (rule.hits >= times || !fits(rule.match, request)) continue;
        rule.seen += 1;
        if (rule.seen <= skip) continue;
        rule.hits += 1;
        return rule.faults;
      }
      return {};
    },
  };
}

function fits({ method, path, when, at = "registry" }: FaultMatch, request: ProxiedRequest): boolean {
  if (request.at !== at) return false;
  if (method !== undefined && ![method].flat().includes(request.method)) return false;
  if (typeof path === "string" && request.path !== path) return false;
  // Not test(): a pattern with the flag g has a memory.
  if (path instanceof RegExp && request.target.search(path) === -1) return false;
  return when?.(request) ?? true;
}
