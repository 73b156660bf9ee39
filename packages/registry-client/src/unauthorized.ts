import { DrayageError } from "@drayage/errors";
import type { Credentials } from "./client.ts";
import type { TokenRequest } from "./token.ts";

/** Credentials were wanted: there are none, or they were not accepted. */
export function unauthorized(
  host: string,
  credentials: Credentials | undefined,
  { given }: Pick<TokenRequest, "given">,
): DrayageError {
  const login = `dray login ${host}`;
  if (credentials === undefined) {
    return new DrayageError("ERR_DRAYAGE_UNAUTHORIZED", `${host} wants credentials`, {
      hint: `log in: ${login}`,
    });
  }
  return new DrayageError("ERR_DRAYAGE_UNAUTHORIZED", `${host} does not accept the credentials`, {
    hint: given
      ? `check the credentials that were given (--creds), or leave them out and log in: ${login}`
      : `log in again: ${login}`,
  });
}
