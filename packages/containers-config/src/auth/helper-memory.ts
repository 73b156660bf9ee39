import type { StoredCredentials } from "./entries.ts";

/** For how long what a helper said is taken for true, in milliseconds: a sync asks for hundreds of repositories. */
const duration = 60_000;

/** What helpers have said of late. */
export interface HelperMemory {
  recall(helper: string, server: string): { readonly login: StoredCredentials | undefined } | undefined;
  keep(helper: string, server: string, login: StoredCredentials | undefined): void;
}

export function createHelperMemory(): HelperMemory {
  const answers = new Map<
    string,
    { readonly login: StoredCredentials | undefined; readonly until: number }
  >();
  return {
    recall(helper, server) {
      const answer = answers.get(`${helper} ${server}`);
      return answer !== undefined && answer.until > performance.now() ? answer : undefined;
    },
    keep(helper, server, login) {
      answers.set(`${helper} ${server}`, { login, until: performance.now() + duration });
    },
  };
}
