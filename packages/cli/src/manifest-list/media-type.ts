import { DrayageError } from "@drayage/errors";

/** RFC 6838, section 4.2: a type and a subtype, without parameters. */
const mediaType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i;

/** Throws `ERR_DRAYAGE_USAGE` for a flag's value that is no media type. An empty one says that there is none. */
export function requireMediaType(flag: string, value: string | undefined): void {
  if (value === undefined || value === "" || mediaType.test(value)) return;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${flag}: ${JSON.stringify(value)} is no media type`, {
    hint: "it is written type/subtype: application/spdx+json",
  });
}
