import type { HttpClient } from "@drayage/http";
import type { Challenge } from "./challenge.ts";
import type { Credentials } from "./client.ts";
import type { Discovery } from "./discovery.ts";
import { coversScopes, formatScopes, mergeScopes, noScope, parseScopes, type Scopes } from "./scope.ts";
import { type SharedWork, shareOnce, shareWork } from "./share.ts";
import { basicHeader, requestToken, type Token } from "./token.ts";

/** What a request says of who sends it. */
export interface Authorization {
  readonly header: string;
  /** Of a token that may be asked for anew: what it was asked for. */
  readonly renewable?:
    | { readonly text: string; readonly scopes: Scopes; readonly fresh: boolean }
    | undefined;
}

/** Makes requests known to the registry, as one user. */
export interface Authorizer {
  /** Whether the caller gave the credentials: then no login is to blame for them. */
  readonly given: boolean;
  credentials(signal: AbortSignal | undefined): Promise<Credentials | undefined>;
  /** Undefined: the request is sent as nobody's. */
  authorize(scopes: Scopes, signal: AbortSignal | undefined): Promise<Authorization | undefined>;
  /**
   * After a 401: another authorization, where there may be one that helps. `used` is what the request was sent with,
   * `offered` what the answer offers. A token is not used again after this.
   */
  reauthorize(
    used: Authorization | undefined,
    offered: readonly Challenge[],
    options: { readonly scopes: Scopes; readonly signal: AbortSignal | undefined },
  ): Promise<Authorization | undefined>;
}

export interface AuthorizerOptions {
  readonly host: string;
  readonly http: HttpClient;
  readonly discovery: Discovery;
  readonly insecure: boolean;
  readonly bearerToken: string | undefined;
  /** Whether the caller gave the credentials, instead of having them looked up. */
  readonly given: boolean;
  /** Looks the credentials up; called once, unless it fails. */
  lookUp(signal: AbortSignal): Promise<Credentials | undefined>;
}

interface KnownToken extends Token {
  readonly scopes: Scopes;
}

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { discovery, bearerToken } = options;
  let tokens: KnownToken[] = [];
  const requests = new Map<string, SharedWork<KnownToken>>();
  const lookUp = shareOnce((signal) => options.lookUp(signal));

  const fetchToken = (challenge: Challenge, scopes: Scopes): SharedWork<KnownToken> => {
    const key = formatScopes(scopes).join(" ");
    const running = requests.get(key);
    if (running !== undefined && !running.abandoned) return running;
    const work: SharedWork<KnownToken> = shareWork(
      async (signal) => {
        const { host, http, insecure, given } = options;
        const origin = await discovery.origin(signal);
        const who = await lookUp(signal);
        const token = await requestToken({
          ...{ host, http, insecure, given, origin, challenge, scopes, signal },
          credentials: who,
        });
        const known = { ...token, scopes };
        tokens = [known, ...tokens.filter(({ expires }) => expires > Date.now())];
        return known;
      },
      () => {
        if (requests.get(key) === work) requests.delete(key);
      },
    );
    requests.set(key, work);
    return work;
  };

  const bearer = async (
    challenge: Challenge,
    scopes: Scopes,
    signal: AbortSignal | undefined,
  ): Promise<Authorization> => {
    const cached = tokens.find((token) => token.expires > Date.now() && coversScopes(token.scopes, scopes));
    const token = cached ?? (await fetchToken(challenge, scopes).wait(signal));
    return {
      header: `Bearer ${token.text}`,
      renewable: { text: token.text, scopes: token.scopes, fresh: cached === undefined },
    };
  };

  const answer = async (
    challenges: readonly Challenge[],
    scopes: Scopes,
    signal: AbortSignal | undefined,
  ): Promise<Authorization | undefined> => {
    for (const challenge of challenges) {
      if (challenge.scheme === "bearer") return bearer(challenge, scopes, signal);
      if (challenge.scheme !== "basic") continue;
      const who = await lookUp(signal);
      if (who !== undefined && "username" in who) return { header: basicHeader(who) };
    }
    return undefined;
  };

  return {
    given: options.given,
    credentials: lookUp,
    async authorize(scopes, signal) {
      if (bearerToken !== undefined) return { header: `Bearer ${bearerToken}` };
      // Without credentials the request itself finds out how it has to be sent, which often is: as it is.
      const who = await lookUp(signal);
      const challenges = await discovery.challenges(signal, { ask: who !== undefined });
      return challenges === undefined ? undefined : answer(challenges, scopes, signal);
    },
    async reauthorize(used, offered, { scopes, signal }) {
      if (bearerToken !== undefined) return undefined;
      if (used === undefined) {
        // Some registries name the ways in only when they are asked for them (gcr.io).
        const ways = offered.length > 0 ? offered : await discovery.challenges(signal, { ask: true });
        return answer(ways ?? [], mergeScopes(scopes, scopesOf(offered)), signal);
      }
      if (used.renewable === undefined) return undefined;
      const { text, scopes: asked, fresh } = used.renewable;
      tokens = tokens.filter((token) => token.text !== text);
      const wanted = mergeScopes(scopes, scopesOf(offered));
      // The same question would have the same answer.
      if (fresh && coversScopes(asked, wanted)) return undefined;
      const ways = offered.length > 0 ? offered : await discovery.challenges(signal);
      return answer(ways ?? [], wanted, signal);
    },
  };
}

function scopesOf(challenges: readonly Challenge[]): Scopes {
  const scope = challenges.find(({ scheme }) => scheme === "bearer")?.parameters.get("scope");
  return scope === undefined ? noScope : parseScopes(scope);
}
