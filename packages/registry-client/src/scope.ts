/**
 * What a token allows: for each resource (`repository:library/busybox`, `registry:catalog`) the actions, sorted
 * (docker's token scope grammar).
 */
export type Scopes = ReadonlyMap<string, readonly string[]>;

/** The scope for `actions` in a repository. */
export function repositoryScope(path: string, ...actions: readonly string[]): Scopes {
  return new Map([[`repository:${path}`, [...actions].sort()]]);
}

/** The scope that a list of a registry's repositories takes. */
export const catalogScope: Scopes = new Map([["registry:catalog", ["*"]]]);

export const noScope: Scopes = new Map();

const scopeTextLimit = 4096;

/**
 * Scopes as a challenge names them: `repository:a/b:pull,push repository:c:pull`. A resource's name may have colons.
 * What is no scope is left out.
 */
export function parseScopes(text: string): Scopes {
  if (text.length > scopeTextLimit) return noScope;
  const scopes: Scopes[] = [];
  for (const item of text.split(/[ \t]+/)) {
    const match = /^([a-z0-9]+(?:\([a-z0-9]+\))?:[^\s:]+(?::[^\s:]+)*):([^\s:]*)$/i.exec(item);
    const actions = match?.[2]?.split(",").filter((action) => action !== "");
    if (match?.[1] !== undefined && actions !== undefined && actions.length > 0) {
      scopes.push(new Map([[match[1], actions]]));
    }
  }
  return mergeScopes(...scopes);
}

/** All that any of them allows, each resource once. */
export function mergeScopes(...all: readonly Scopes[]): Scopes {
  const merged = new Map<string, Set<string>>();
  for (const scopes of all) {
    for (const [resource, actions] of scopes) {
      const known = merged.get(resource) ?? new Set();
      merged.set(resource, known);
      for (const action of actions) known.add(action);
    }
  }
  return new Map([...merged].sort(byName).map(([resource, actions]) => [resource, [...actions].sort()]));
}

/** Each resource as text, in the order of their names. */
export function formatScopes(scopes: Scopes): readonly string[] {
  return [...scopes].sort(byName).map(([resource, actions]) => `${resource}:${actions.join(",")}`);
}

/** Whether what `wanted` allows is allowed by `scopes` too. */
export function coversScopes(scopes: Scopes, wanted: Scopes): boolean {
  for (const [resource, actions] of wanted) {
    const allowed = scopes.get(resource);
    if (allowed === undefined) return false;
    if (!allowed.includes("*") && !actions.every((action) => allowed.includes(action))) return false;
  }
  return true;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
