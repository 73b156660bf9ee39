import { DrayageError } from "@drayage/errors";

/** Names are not ids, and can be written in a shell. */
export function checkName(name: string): void {
  if (name !== "" && name.length <= 4096 && !/[\s/\p{Cc}]/u.test(name)) return;
  throw new DrayageError("ERR_DRAYAGE_NAME_INVALID", `${JSON.stringify(name)} cannot be a container's name`, {
    hint: "accepted: text without blanks and slashes",
  });
}
